import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { packageRoot } from '../../runtime/package-root.js';
import { migrate, migrationNames, migrationsFolder, MigrationError } from '../../runtime/postgres/migrate.js';
import { emptyTestDatabase, type TestDatabase } from '../support/postgres.js';

const log = pino({ level: 'silent' });
const all = await migrationNames();

const tablesOf = async (pool: Pool): Promise<string[]> => {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};

type Row = Record<string, unknown>;

/** Every row of every table, as JSON, under the table's name. */
const contentOf = async (pool: Pool): Promise<Map<string, Row[]>> => {
  const content = new Map<string, Row[]>();
  for (const table of await tablesOf(pool)) {
    const { rows } = await pool.query<{ row: Row }>(
      `SELECT to_jsonb(t) AS row FROM "${table}" t ORDER BY to_jsonb(t)::text`,
    );
    content.set(
      table,
      rows.map(({ row }) => row),
    );
  }
  return content;
};

/** Rows for the tables as migration `name` leaves them: test/integration/migration-samples/NNNN.sql. */
const insertSamples = async (pool: Pool, name: string): Promise<void> => {
  const file = join(packageRoot, 'test/integration/migration-samples', `${name.slice(0, 4)}.sql`);
  if (existsSync(file)) await pool.query(await readFile(file, 'utf8'));
};

const rejection = async (promise: Promise<unknown>): Promise<MigrationError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof MigrationError) return error;
    throw error;
  }
  throw new Error('it did not reject');
};

describe('Migrations', () => {
  let database: TestDatabase;
  let folder: string;
  beforeEach(async function () {
    this.timeout(20_000);
    database = await emptyTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'migrations-'));
    await cp(migrationsFolder, folder, { recursive: true });
  });
  afterEach(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  it('are carried out in order, each once', async () => {
    expect(await migrate(database.url, log)).to.deep.equal(all);
    expect(await migrate(database.url, log)).to.deep.equal([]);
  });

  it('are carried out by one of several starts, and the others wait for it', async () => {
    const done = await Promise.all([1, 2, 3, 4].map(() => migrate(database.url, log)));
    expect(done.filter(({ length }) => length > 0)).to.deep.equal([all]);
  });

  it('that fail leave the schema as it was', async () => {
    await writeFile(join(folder, '9998-good.sql'), 'CREATE TABLE good (n int);');
    await writeFile(join(folder, '9999-bad.sql'), 'CREATE TABLE bad (n nonsense);');
    await migrate(database.url, log, { folder, count: all.length });
    const before = await tablesOf(database.pool);
    expect((await rejection(migrate(database.url, log, { folder }))).message).to.match(
      /nothing was changed: .*nonsense/,
    );
    expect(await tablesOf(database.pool)).to.deep.equal(before);
  });

  it('of a newer program stop an older one, which names them', async () => {
    await writeFile(join(folder, '9999-newer.sql'), 'CREATE TABLE newer (n int);');
    await migrate(database.url, log, { folder });
    expect((await rejection(migrate(database.url, log))).message).to.match(
      /newer than this program: it has 9999-newer/,
    );
  });

  it('that come before one already carried out are refused', async () => {
    await writeFile(join(folder, '9999-later.sql'), 'CREATE TABLE later (n int);');
    await migrate(database.url, log, { folder });
    await writeFile(join(folder, '9000-between.sql'), 'CREATE TABLE between_them (n int);');
    expect((await rejection(migrate(database.url, log, { folder }))).message).to.match(/9000-between .* 9999-later/);
    expect(await tablesOf(database.pool)).to.not.include('between_them');
  });

  for (const [index, name] of all.entries()) {
    it(`${name} keeps the rows that are there before it`, async () => {
      for (const earlier of all.slice(0, index)) {
        await migrate(database.url, log, { count: 1 });
        await insertSamples(database.pool, earlier);
      }
      const before = await contentOf(database.pool);
      expect(await migrate(database.url, log, { count: 1 })).to.deep.equal([name]);
      const after = await contentOf(database.pool);
      for (const [table, rows] of before) {
        expect(rows, `test/integration/migration-samples has no row for ${table}`).to.not.be.empty;
        expect(after.get(table)?.length, table).to.equal(rows.length);
        for (const [at, row] of rows.entries()) expect(after.get(table)?.[at], table).to.deep.include(row);
      }
    });
  }

  it('all have sample rows, so that the next one is tried on data', async () => {
    for (const name of all) {
      await migrate(database.url, log, { count: 1 });
      await insertSamples(database.pool, name);
    }
    const empty = [...(await contentOf(database.pool))].filter(([, rows]) => rows.length === 0).map(([table]) => table);
    expect(empty).to.deep.equal([]);
  });
});
