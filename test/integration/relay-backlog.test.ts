import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { advancePositions, readPositions } from '../../actors/relay/sql/positions.js';
import { makeEvents, markPublished } from '../support/made-events.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { RelayProcess } from '../support/relay-process.js';
import { until } from '../support/until.js';

describe('a backlog of events', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(async () => {
    for (const process of processes.splice(0)) await process.stop();
    await database.drop();
  });

  const processes: RelayProcess[] = [];
  const start = (broker: 'kafka' | 'in-memory' = 'kafka'): RelayProcess => {
    const process = new RelayProcess(database, `relay ${randomUUID().slice(0, 8)}`, { broker });
    processes.push(process);
    return process;
  };
  const stop = async (process: RelayProcess): Promise<void> => {
    processes.splice(processes.indexOf(process), 1);
    await process.stop();
  };

  /** How the table of events has been read so far, by all connections that are closed. */
  const readsOfEvents = async (): Promise<{ scans: number; rows: number }> => {
    await database.pool.query('SELECT pg_stat_force_next_flush()');
    const { rows } = await database.pool.query<{ scans: number; rows: number }>(
      `SELECT seq_scan AS scans, seq_tup_read + idx_tup_fetch AS rows FROM pg_stat_user_tables WHERE relname = 'events'`,
    );
    return rows[0] ?? { scans: NaN, rows: NaN };
  };

  it('is found and read without a look at the events that are published, however many they are', async () => {
    await makeEvents(database.pool, { prefix: 'caught-up', users: 1_000, eventsOfUser: 200 });
    await markPublished(database.pool);
    await makeEvents(database.pool, { prefix: 'behind', users: 10, eventsOfUser: 70 });
    await database.pool.query('ANALYZE');
    const before = await readsOfEvents();
    const process = start();
    await until('all is published', () => process.published.get('task-events')?.length === 700);
    await stop(process);
    await until('all reads are counted', async () => (await readsOfEvents()).rows - before.rows >= 700);
    const after = await readsOfEvents();
    expect(after.scans - before.scans, 'scans of the whole table').to.equal(0);
    // Each event once, the one before it of the same task once, and of each user the first one for its age.
    expect(after.rows - before.rows, 'rows of events that were looked at').to.be.within(700, 2 * 700 + 10);
  });

  for (const broker of ['kafka', 'in-memory'] as const) {
    it(`larger than what memory may hold goes out whole and in order, with ${broker} pub/sub`, async () => {
      await makeEvents(database.pool, { prefix: 'user', users: 200, eventsOfUser: 100 });
      const process = start(broker);
      const lag: number[] = [];
      const waiting: number[] = [];
      let isDown = true;
      process.refuses = () => {
        if (isDown) throw new Error('the broker is away');
      };
      await until('memory is full', async () => {
        waiting.push(await process.figure('events_waiting'));
        lag.push(await process.figure('lag_events'));
        return (waiting.at(-1) ?? 0) >= 10_000 && lag.at(-1) === 20_000;
      });
      expect(await process.figure('lag_seconds')).to.be.within(0.1, 120);
      isDown = false;
      await until(
        'all is published',
        async () => {
          waiting.push(await process.figure('events_waiting'));
          return process.published.get('task-audit')?.length === 20_000;
        },
        60_000,
      );
      expect(Math.max(...waiting), 'events in memory').to.be.lessThan(10_000 + 50 * 50);
      const wanted = Array.from({ length: 100 }, (_, index) => index + 1);
      for (let user = 0; user < 200; user += 1) {
        expect([...new Set(process.seqs(`user-${user}`, 'task-audit'))]).to.deep.equal(wanted);
      }
      await until('nothing is behind', async () => (await process.figure('lag_events')) === 0);
      expect(await process.figure('lag_seconds')).to.equal(0);
    });
  }

  it('moves the same positions for two processes at once, whatever the order in which each has them', async () => {
    const positions = Array.from({ length: 500 }, (_, user) => ({ user_id: `user-${user}`, published_seq: 1 }));
    const moves = Array.from({ length: 20 }, (_, seq) =>
      advancePositions(
        database.pool,
        (seq % 2 === 0 ? positions : positions.toReversed()).map(({ user_id }) => ({ user_id, published_seq: seq })),
      ),
    );
    await Promise.all(moves);
    const moved = await readPositions(database.pool, ['user-0', 'user-499']);
    expect(moved.map(({ published_seq }) => published_seq)).to.deep.equal([19, 19]);
  });

  it('does not keep commands from being carried out, nor the stop from coming', async () => {
    const process = start();
    process.refuses = () => {
      throw new Error('the broker is away');
    };
    await process.untilItLeads();
    const user = randomUUID();
    await process.commit(user, 50);
    expect(await process.figure('lag_events')).to.equal(50);
    await stop(process);
    const next = start();
    await until('all is published', () => next.seqs(user).length === 50);
  });
});
