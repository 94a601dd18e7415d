import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { DataDirError, openDataDir } from '../data-dir.js';
import { OperatorError } from '../operator-error.js';
import { createSupervisor } from '../processes/supervisor.js';
import { clusterFolder } from './cluster.js';
import { startEmbeddedPostgres } from './embedded.js';
import { checkServer } from './server-check.js';

/** The program's database, for a command that works beside it or without it. */
export interface ReachedDatabase {
  readonly url: string;
  /** True when nothing else can be at work in it: the command has DATA_DIR for itself. */
  readonly isAlone: boolean;
  close(): Promise<void>;
}

/**
 * Finds the database of the settings: that of DATABASE_URL, or the one in DATA_DIR, whether the program that runs there has
 * started it, or nobody has; then it is started until `close`.
 * @throws OperatorError when there is none
 */
export async function reachDatabase(
  { databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>,
  log: Logger,
): Promise<ReachedDatabase> {
  if (databaseUrl !== undefined) {
    await checkServer(databaseUrl);
    return { url: databaseUrl, isAlone: false, close: () => Promise.resolve() };
  }
  if (!existsSync(clusterFolder(dataDir))) {
    throw new OperatorError(
      `there is no database in DATA_DIR ${dataDir}. Set DATA_DIR or DATABASE_URL to what the program runs with`,
    );
  }
  let own;
  try {
    own = await openDataDir(dataDir);
  } catch (error) {
    if (!(error instanceof DataDirError)) throw error;
    return { url: await runningUrl(dataDir, error), isAlone: false, close: () => Promise.resolve() };
  }
  const supervisor = createSupervisor({
    log,
    onFatal: (error) => log.error({ err: error }, 'PostgreSQL does not run'),
  });
  const close = async (): Promise<void> => {
    await supervisor.stop();
    own.close();
  };
  try {
    const { url } = await startEmbeddedPostgres({ dataDir, supervisor, log });
    return { url, isAlone: true, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The URL of the server that the program in DATA_DIR has started. */
async function runningUrl(dataDir: string, inUse: DataDirError): Promise<string> {
  try {
    const password = (await readFile(join(dataDir, 'postgres-password'), 'utf8')).trim();
    // The fourth line of the file is the port (PostgreSQL's documentation, "Database File Layout").
    const port = (await readFile(join(clusterFolder(dataDir), 'postmaster.pid'), 'utf8')).split('\n')[3]?.trim() ?? '';
    const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
    await checkServer(url);
    return url;
  } catch (cause) {
    throw new OperatorError(`${inUse.message} Its database cannot be reached just now; try again in a moment.`, {
      cause,
    });
  }
}
