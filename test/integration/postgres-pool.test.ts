import { expect } from 'chai';
import { pino } from 'pino';
import { isDatabaseUnavailable } from '../../runtime/postgres/availability.js';
import { createPool, prepared } from '../../runtime/postgres/pool.js';
import { emptyTestDatabase, type TestDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';

const log = pino({ level: 'silent' });
const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

describe('The connection pool', function () {
  this.timeout(20_000);
  let database: TestDatabase;
  before(async () => {
    database = await emptyTestDatabase();
  });
  after(() => database.drop());

  const pool = (more: { max?: number; statementTimeoutMs?: number; connectTimeoutMs?: number } = {}) =>
    createPool(database.url, { max: 2, applicationName: 'pool test', log, ...more });
  const terminateAll = () =>
    database.pool.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'pool test'`,
    );

  it('goes on with a new connection after an idle one broke', async () => {
    const tested = pool();
    await tested.query('SELECT 1');
    await terminateAll();
    await until('the broken one is gone', () => tested.totalCount === 0);
    expect((await tested.query('SELECT 2 AS n')).rows).to.deep.equal([{ n: 2 }]);
    await tested.end();
  });

  it('survives that a connection in use breaks between two statements', async () => {
    const tested = pool();
    const client = await tested.connect();
    await client.query('BEGIN');
    await terminateAll();
    expect(await client.query('SELECT 1').catch(message)).to.be.a('string');
    client.release(true);
    expect((await tested.query('SELECT 2 AS n')).rows).to.deep.equal([{ n: 2 }]);
    await tested.end();
  });

  it('cancels a statement that takes too long', async () => {
    const tested = pool({ statementTimeoutMs: 50 });
    expect(await tested.query('SELECT pg_sleep(30)').catch(message)).to.match(/statement timeout/);
    await tested.end();
  });

  it('gives up on a server that stands still, as one that is not available, and goes on with a new connection', async () => {
    const tested = pool({ statementTimeoutMs: 50 });
    const { rows } = await tested.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = Number(rows[0]?.pid);
    process.kill(pid, 'SIGSTOP');
    try {
      const failure: unknown = await tested.query('SELECT 1').catch((error: unknown) => error);
      expect(isDatabaseUnavailable(failure), String(failure)).to.equal(true);
      expect((await tested.query('SELECT 2 AS n')).rows).to.deep.equal([{ n: 2 }]);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await tested.end();
  });

  it('does not wait for a connection for ever', async () => {
    const tested = pool({ max: 1, connectTimeoutMs: 50 });
    const client = await tested.connect();
    expect(await tested.query('SELECT 1').catch(message)).to.match(/timeout/);
    client.release();
    await tested.end();
  });

  it('gives sequence numbers and counts as numbers', async () => {
    const tested = pool();
    expect((await tested.query('SELECT 9007199254740991::bigint AS n')).rows).to.deep.equal([
      { n: Number.MAX_SAFE_INTEGER },
    ]);
    expect(await tested.query('SELECT 9007199254740992::bigint AS n').catch(message)).to.match(/too large/);
    await tested.end();
  });

  it('parses a prepared statement once for each connection', async () => {
    const tested = pool({ max: 1 });
    const add = prepared<{ sum: number }>('add', 'SELECT $1::int + $2::int AS sum');
    expect(await add(tested, [1, 2])).to.deep.equal([{ sum: 3 }]);
    expect(await add(tested, [3, 4])).to.deep.equal([{ sum: 7 }]);
    const { rows } = await tested.query(
      `SELECT name, custom_plans + generic_plans AS uses FROM pg_prepared_statements`,
    );
    expect(rows).to.deep.equal([{ name: 'add', uses: 2 }]);
    await tested.end();
  });
});
