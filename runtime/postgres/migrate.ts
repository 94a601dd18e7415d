import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Logger } from 'pino';
import { OperatorError } from '../operator-error.js';
import { packageRoot } from '../package-root.js';

/** The database's schema cannot be brought to this program's. The message says why and what to do. */
export class MigrationError extends OperatorError {
  override readonly name = 'MigrationError';
}

export interface MigrateOptions {
  /** Folder of the `NNNN-name.sql` files. */
  readonly folder?: string;
  /** Carries out this many more at most. */
  readonly count?: number;
}

export const migrationsFolder = join(packageRoot, 'runtime', 'postgres', 'migrations');
const recordTable = 'schema_migrations';

/**
 * Brings the schema up to date: each `NNNN-name.sql` that was not carried out yet, in order, all in one transaction, under
 * an advisory lock, so of several starts at once one does it and the others wait for that.
 * @returns the names of those carried out now
 * @throws MigrationError when the database has one that this program does not know, or one fails
 */
export async function migrate(url: string, log: Logger, options: MigrateOptions = {}): Promise<string[]> {
  const { folder = migrationsFolder, count } = options;
  const known = await migrationNames(folder);
  const client = new pg.Client({ connectionString: url, application_name: 'todo-chatbot migrate' });
  client.on('error', () => undefined); // the query that it breaks fails with it
  await client.connect();
  try {
    const recorded = await recordedMigrations(client);
    refuseUnknown(recorded, known);
    if (recorded.length === known.length) return [];

    const { runner } = await import('node-pg-migrate');
    const quiet = (message: string): void => log.debug(message);
    const done = await runner({
      dbClient: client,
      dir: folder,
      ignorePattern: '(?!\\d{4}-.*\\.sql$).*',
      migrationsTable: recordTable,
      direction: 'up',
      singleTransaction: true,
      advisoryLockMode: 'wait',
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      ...(count !== undefined && { count }),
    });
    // While waiting for the lock, a newer program may have been at work.
    refuseUnknown(await recordedMigrations(client), known);
    if (done.length > 0) log.info({ migrations: done.map(({ name }) => name) }, 'the schema is up to date');
    return done.map(({ name }) => name);
  } catch (cause) {
    if (cause instanceof MigrationError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MigrationError(`the schema could not be brought up to date, nothing was changed: ${why}`, { cause });
  } finally {
    await client.end();
  }
}

/** The names of the migrations of a folder, in order. */
export async function migrationNames(folder: string = migrationsFolder): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => /^\d{4}-.*\.sql$/.test(file))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}

async function recordedMigrations(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [recordTable]);
  if (!rows[0]?.found) return [];
  const recorded = await client.query<{ name: string }>(`SELECT name FROM ${recordTable} ORDER BY name`);
  return recorded.rows.map(({ name }) => name);
}

function refuseUnknown(recorded: readonly string[], known: readonly string[]): void {
  const unknown = recorded.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new MigrationError(
    `the database is newer than this program: it has ${unknown.join(', ')}. Start the program version that made it, or a newer one`,
  );
}
