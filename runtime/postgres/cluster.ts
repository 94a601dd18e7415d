import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { chown, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import { startGuarded } from '../processes/guarded-process.js';
import { PostgresUnavailableError } from './binaries.js';
import type { ServerUser } from './server-user.js';

const run = promisify(execFile);

export interface ClusterOptions {
  /** Folder that holds (or will hold) the cluster `postgres` and its password. */
  readonly dataDir: string;
  /** Folder with `bin/initdb`. */
  readonly binaries: string;
  readonly user: ServerUser | undefined;
  /** Gives up making a new cluster; nothing of it stays. */
  readonly signal?: AbortSignal | undefined;
  readonly log: Logger;
}

/** The folder of the cluster's data and the password of its superuser `postgres`. */
export interface Cluster {
  readonly folder: string;
  readonly password: string;
}

export const clusterFolder = (dataDir: string): string => join(dataDir, 'postgres');

/**
 * How the server is told its data folder. A server that does not run as us may have no way to it through the parents
 * (root's are often closed), so it starts inside and names the folder by a path that needs none of them.
 */
export const folderArgument = (folder: string, user: ServerUser | undefined): string =>
  user && process.platform === 'linux' ? '/proc/self/cwd' : folder;

/**
 * The cluster in `dataDir`, made on first use: UTF-8, sorted and compared the same on every machine, checksums on, a
 * random password. It is made aside and moved into place when whole, so an interrupted start leaves no half of one.
 * @throws PostgresUnavailableError when it cannot be made, or belongs to another major version
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { dataDir, user } = options;
  const folder = clusterFolder(dataDir);
  const passwordFile = join(dataDir, 'postgres-password');
  for (const name of await readdir(dataDir)) {
    if (name.startsWith('postgres-half-made-')) await removeTree(join(dataDir, name));
  }
  if (!existsSync(folder)) await makeCluster(options, folder, passwordFile);

  const version = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim();
  const { stdout } = await run(join(options.binaries, 'bin', 'postgres'), ['--version'], { ...user, env: {} });
  if (!stdout.includes(` ${version}.`)) {
    throw new PostgresUnavailableError(
      `${folder} was made by PostgreSQL ${version}, this is ${stdout.trim()}: move the data over with pg_dump, or use the version of this program that made it`,
    );
  }
  if (user && (await stat(folder)).uid !== user.uid) await run('chown', ['-R', `${user.uid}:${user.gid}`, folder]);
  const password = await readFile(passwordFile, 'utf8').catch((cause: unknown) => {
    throw new PostgresUnavailableError(`the password of the database in ${folder} is missing: ${String(cause)}`);
  });
  return { folder, password: password.trim() };
}

async function makeCluster(options: ClusterOptions, folder: string, passwordFile: string): Promise<void> {
  const { dataDir, binaries, user, signal, log } = options;
  const half = join(dataDir, `postgres-half-made-${randomBytes(6).toString('hex')}`);
  await mkdir(half, { mode: 0o700 });
  await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (user) for (const path of [half, passwordFile]) await chown(path, user.uid, user.gid);

  const password = await open(passwordFile);
  try {
    signal?.throwIfAborted();
    const lines: string[] = [];
    const initdb = await startGuarded({
      command: join(binaries, 'bin', 'initdb'),
      // The password comes through an open file: initdb may have no way to its path.
      args: [`--pgdata=${folderArgument(half, user)}`, '--pwfile=/dev/fd/4', ...initdbArguments],
      env: { LC_ALL: 'C' },
      cwd: half,
      ...user,
      inheritedFile: password.fd,
      stopSignal: 'SIGINT',
      stopTimeoutMs: 1_000,
      onLine(line) {
        lines.push(line);
        log.debug({ child: 'initdb' }, line);
      },
    });
    const giveUp = (): void => void initdb.stop();
    signal?.addEventListener('abort', giveUp);
    const { code } = await initdb.gone;
    signal?.removeEventListener('abort', giveUp);
    signal?.throwIfAborted();
    if (code !== 0) throw new PostgresUnavailableError(`initdb failed:\n  ${lines.slice(-20).join('\n  ')}`);
    await rename(half, folder);
    await flush(dataDir);
  } finally {
    await password.close();
    await removeTree(half);
  }
}

const initdbArguments = [
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--data-checksums',
  '--no-instructions',
];

/** initdb of a run that was killed may still be writing there for a moment. */
const removeTree = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });

/** Makes a rename in the folder outlast a loss of power. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  await handle.sync();
  await handle.close();
}
