import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { createSupervisor } from '../../runtime/processes/supervisor.js';
import { startEmbeddedPostgres } from '../../runtime/postgres/embedded.js';
import { migrate } from '../../runtime/postgres/migrate.js';
import { createPool } from '../../runtime/postgres/pool.js';

/** A database of one's own on a real server. */
export interface TestDatabase {
  readonly url: string;
  readonly pool: pg.Pool;
  /** Ends the pool and removes the database, whoever is still connected. */
  drop(): Promise<void>;
}

const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
const template = 'migrated';
let server: Promise<TestServer> | undefined;
let made = 0;

interface TestServer {
  readonly admin: pg.Pool;
  readonly urlOf: (database: string) => string;
  stop(): Promise<void>;
}

/**
 * Makes a database with the whole schema, in milliseconds: a copy of a migrated template on the one server of this run of
 * mocha, which starts on first use. `drop` it in `after`.
 */
export async function testDatabase(): Promise<TestDatabase> {
  return await createDatabase(`TEMPLATE ${template} STRATEGY file_copy`);
}

/** The same without a schema. */
export async function emptyTestDatabase(options = ''): Promise<TestDatabase> {
  return await createDatabase(options);
}

async function createDatabase(options: string): Promise<TestDatabase> {
  const { admin, urlOf } = await (server ??= startServer());
  const name = `test_${++made}`;
  await admin.query(`CREATE DATABASE ${name} ${options}`);
  const url = urlOf(name);
  const pool = createPool(url, { max: 10, applicationName: name, log });
  return {
    url,
    pool,
    async drop() {
      await pool.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function startServer(): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'todo-chatbot-test-'));
  const supervisor = createSupervisor({
    log,
    onFatal(error) {
      throw error;
    },
  });
  const { url } = await startEmbeddedPostgres({
    dataDir,
    supervisor,
    log,
    // Nothing here has to outlast the run.
    settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_connections: '200' },
  });
  const admin = createPool(url, { max: 2, applicationName: 'test admin', log, statementTimeoutMs: 60_000 });
  const urlOf = (database: string): string => Object.assign(new URL(url), { pathname: `/${database}` }).href;
  await admin.query(`CREATE DATABASE ${template}`);
  await migrate(urlOf(template), log);
  return {
    admin,
    urlOf,
    async stop() {
      await admin.end();
      await supervisor.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}

/** mocha runs it after all files of the run. */
after(async () => {
  await (await server)?.stop();
});
