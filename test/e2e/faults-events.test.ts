import { expect } from 'chai';
import pg from 'pg';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import { databaseUrlOf } from '../support/trial.js';
import { until } from '../support/until.js';

describe('an event that was published and not taken', function () {
  this.timeout(60_000);
  let system: TestSystem;
  let database: pg.Client;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await startTestSystem();
    database = new pg.Client({ connectionString: await databaseUrlOf(system) });
    await database.connect();
  });
  after(async () => {
    await database.end();
    await system.remove();
  });

  it('is in the log once that can be written again, though Dapr has given it up and nothing newer comes', async () => {
    const user = await system.newUser();
    await database.query('ALTER TABLE audit_entries RENAME TO audit_entries_away');
    const failures = () => system.lines.filter((line) => line.includes('events could not be taken')).length;
    const task = await user.create({ title: 'Logged late' });
    await until('in-memory pub/sub has tried ten times', () => failures() >= 10, 20_000);
    await database.query('ALTER TABLE audit_entries_away RENAME TO audit_entries');
    await until(
      'the log has it',
      async () => {
        const reply = await user.get('/v1/audit');
        return reply.status === 200 && reply.log.entries.some((entry) => entry.task_id === task.id);
      },
      20_000,
    );
  });

  it('because the sidecar died meanwhile is in the log and on the live feed, though nothing newer comes', async () => {
    const user = await system.newUser();
    const live = await user.live();
    await user.create({ title: 'Before' });
    await live.seq(1);
    // The log stands still, so that the event is on its way when daprd dies.
    await database.query('BEGIN');
    await database.query('LOCK TABLE audit_entries IN ACCESS EXCLUSIVE MODE');
    const task = await user.create({ title: 'On its way' });
    await live.seq(2);
    const { daprd } = system.childPids();
    process.kill(Number(daprd), 'SIGKILL');
    await database.query('ROLLBACK');
    await until(
      'the log has it',
      async () => {
        const reply = await user.get('/v1/audit');
        return reply.status === 200 && reply.log.entries.some((entry) => entry.task_id === task.id);
      },
      30_000,
    );
    expect(live.seqs).to.deep.equal([1, 2]);
  });
});
