import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { pino } from 'pino';
import { readEvents } from '../../actors/events/read-events.js';
import { TaskActor } from '../../actors/task/task-actor.js';
import { UserLanes } from '../../actors/task/user-lanes.js';
import { UserZones } from '../../actors/task/user-zones.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { TaskCommand } from '../../domain/task/commands.js';
import { migrate } from '../../runtime/postgres/migrate.js';
import { taskAt, uuidOf } from '../support/events.js';
import { emptyTestDatabase, type TestDatabase } from '../support/postgres.js';

const log = pino({ level: 'silent' });
const turn = { actorId: '', signal: new AbortController().signal, throwIfAborted: () => undefined };
/** Migrations that there were. */
const count = 4;

describe('a database from before there were facts', () => {
  let database: TestDatabase;
  before(async function () {
    this.timeout(20_000);
    database = await emptyTestDatabase();
    await migrate(database.url, log, { count });
    for (const user of ['alice', 'bob']) {
      await database.pool.query(`INSERT INTO users (user_id, seq, time_zone) VALUES ($1, 2, 'Europe/Berlin')`, [user]);
      for (const version of [1, 2]) {
        // As that program wrote them.
        const state = { ...taskAt(user, version, recurring(user)), floating: true, origin: null };
        await database.pool.query(
          `INSERT INTO events (user_id, seq, event_id, task_id, version, type, actor, occurred_at, task)
           VALUES ($1, $2::int, gen_random_uuid(), $3, $2::int, $4, 'rest', '2026-01-31T08:00:00Z', $5)`,
          [user, version, state.id, version === 1 ? 'TASK_CREATED' : 'TASK_UPDATED', JSON.stringify(state)],
        );
      }
    }
    await migrate(database.url, log);
  });
  after(() => database.drop());

  const recurring = (user: string) =>
    ({
      recurrence: 'monthly',
      series_id: uuidOf(`${user}'s task`),
      occurrence: 1,
      occurrence_date: '2026-01-31',
      due_date: '2026-01-31',
    }) as const;

  it('has its events and their order as before, and its tasks take commands', async () => {
    const told: CommittedEvent[] = [];
    const { pool } = database;
    const parts = {
      pool,
      zones: new UserZones(pool),
      lanes: new UserLanes(),
      now: () => new Date('2026-02-01T08:00:00Z'),
      committed: (event: CommittedEvent) => void told.push(event),
    };
    const old = await readEvents(pool, 'alice', 0, 10);
    expect(old.map(({ seq, version, before: was }) => [seq, version, was?.version])).to.deep.equal([
      [1, 1, undefined],
      [2, 2, 1],
    ]);
    expect(old[1]?.after).to.deep.equal(taskAt('alice', 2, recurring('alice')));

    const execute = (command: TaskCommand) =>
      new TaskActor(parts, 'alice', uuidOf(`alice's task`)).execute(
        { command, actor: 'rest', idempotency: null, command_id: randomUUID() },
        turn,
      );
    const renamed = await execute({ op: 'update', patch: { title: 'Rent' }, expected_versions: [2] });
    expect(renamed).to.deep.include({ version: 3, seq: 3 });
    const done = await execute({ op: 'complete', expected_versions: null });
    expect(done.task).to.deep.include({ status: 'done', version: 4 });
    expect((await readEvents(pool, 'alice', 0, 10)).slice(2)).to.deep.equal(told);
    expect(told.filter(({ detail }) => !detail).map(({ version }) => version)).to.deep.equal([3, 4]);
  });

  it('still has the fence: no version of a task comes twice', async () => {
    const again = database.pool.query(
      `INSERT INTO events SELECT user_id, 9, gen_random_uuid(), task_id, version, type, actor, occurred_at, task
       FROM events WHERE user_id = 'bob' AND seq = 2`,
    );
    const error: unknown = await again.catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: '23505', constraint: 'events_task_version' });
  });
});
