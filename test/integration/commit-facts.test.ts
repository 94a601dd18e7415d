import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import pg from 'pg';
import { commitFacts, commitFactsOf, type FactOfTask } from '../../actors/facts/commit-facts.js';
import { readEvents } from '../../actors/events/read-events.js';
import { commitEvent } from '../../actors/task/sql/commit-event.js';
import { derivedId } from '../../domain/events/derived-id.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { TaskState } from '../../domain/task/task.js';
import { taskAt, uuidOf } from '../support/events.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';

const stateAt = (user: string, version: number): TaskState => ({
  ...taskAt(user, version),
  floating: false,
  origin: null,
  anchor: null,
});

describe('facts outside the commands of a task', () => {
  let database: TestDatabase;
  let told: CommittedEvent[];
  before(async function () {
    this.timeout(20_000);
    database = await testDatabase();
  });
  after(() => database.drop());
  beforeEach(() => {
    told = [];
  });

  const parts = () => ({ pool: database.pool, committed: (event: CommittedEvent) => void told.push(event) });

  /** Commits a change of the user's one task. @returns its seq */
  const change = (user: string, version: number, after: TaskState | null = stateAt(user, version)) =>
    commitEvent(database.pool, {
      userId: user,
      taskId: uuidOf(`${user}'s task`),
      eventId: randomUUID(),
      type: after === null ? 'TASK_DELETED' : version === 1 ? 'TASK_CREATED' : 'TASK_UPDATED',
      actor: 'rest',
      timestamp: '2026-11-24T09:00:00.000Z',
      version,
      before: version === 1 ? null : stateAt(user, version - 1),
      after,
      assumedZone: null,
      idempotency: null,
    });

  const due = (user: string, name: string): Extract<FactOfTask, { type: 'REMINDER_DUE' }> => ({
    type: 'REMINDER_DUE',
    event_id: derivedId(user, name, 'due'),
    user_id: user,
    task_id: uuidOf(`${user}'s task`),
    actor: 'reminder',
    timestamp: '2026-11-24T10:00:00.123Z',
    detail: {
      reminder_id: derivedId(user, name),
      occurrence: null,
      due_at: '2026-11-24T10:00:00.000Z',
      reminder: { at: '2026-11-24T10:00' },
      late_by_seconds: 0,
    },
  });
  const stored = async (user: string) => readEvents(database.pool, user, 0, 1_000);

  it('take the next places of their users, show the task as it stands, and leave its version alone', async () => {
    await change('alice', 1);
    await change('alice', 2);
    await change('bob', 1);
    await commitFacts(parts(), [due('bob', 'a'), due('alice', 'a'), due('alice', 'b')]);
    expect(told.map(({ user_id, seq, version }) => [user_id, seq, version])).to.deep.equal([
      ['alice', 3, 2],
      ['alice', 4, 2],
      ['bob', 2, 1],
    ]);
    expect(told[0]).to.deep.equal({
      ...due('alice', 'a'),
      seq: 3,
      version: 2,
      before: null,
      after: taskAt('alice', 2),
    });
    expect(await change('alice', 3), 'the next change').to.equal(5);
    expect((await stored('alice')).slice(2, 4), 'read again').to.deep.equal(told.slice(0, 2));
    expect((await stored('alice'))[4], 'the change after them').to.deep.include({ before: taskAt('alice', 2) });
  });

  it('are left out and take no place when they are there already, be it within the same call', async () => {
    await change('carol', 1);
    await commitFacts(parts(), [due('carol', 'a')]);
    const again = await commitFacts(parts(), [
      due('carol', 'a'),
      due('carol', 'b'),
      due('carol', 'b'),
      due('carol', 'c'),
    ]);
    expect(again.map(({ seq, event_id }) => [seq, event_id])).to.deep.equal([
      [3, due('carol', 'b').event_id],
      [4, due('carol', 'c').event_id],
    ]);
    expect(await commitFacts(parts(), [due('carol', 'c')])).to.deep.equal([]);
    expect(await change('carol', 2)).to.equal(5);
  });

  it('may be of a task that is deleted, and not of one that never was', async () => {
    await change('dave', 1);
    await change('dave', 2, null);
    await commitFacts(parts(), [due('dave', 'a'), { ...due('dave', 'b'), task_id: randomUUID() }, due('nobody', 'a')]);
    expect(told).to.have.length(1);
    expect(told[0]).to.include({ seq: 3, version: 2, before: null, after: null });
    expect(await stored('dave')).to.have.length(3);
  });

  it('wait for a change that is under way, and tell of the task as that leaves it', async () => {
    await change('erin', 1);
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query('BEGIN');
    await other.query(`SELECT FROM users WHERE user_id = 'erin' FOR UPDATE`);
    const facts = commitFacts(parts(), [due('erin', 'a')]);
    await until('it waits for the user', async () => {
      const { rows } = await database.pool.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    await other.query(
      `INSERT INTO events (user_id, seq, event_id, task_id, version, type, actor, occurred_at, task)
       SELECT user_id, 2, gen_random_uuid(), task_id, 2, 'TASK_UPDATED', actor, occurred_at, task FROM events
       WHERE user_id = 'erin'`,
    );
    await other.query(`UPDATE users SET seq = 2 WHERE user_id = 'erin'`);
    await other.query('COMMIT');
    await other.end();
    expect((await facts).map(({ seq, version }) => [seq, version])).to.deep.equal([[3, 2]]);
  });

  it('of many users at once, from many sides, beside commands, come each once and leave no gap', async function () {
    this.timeout(30_000);
    const users = Array.from({ length: 20 }, (_, index) => `many-${index}`);
    for (const user of users) await change(user, 1);
    const names = Array.from({ length: 10 }, (_, index) => `r${index}`);
    // Each side has the users in another order, which must not make them wait for each other in a ring.
    const sides = Array.from({ length: 6 }, async (_, side) => {
      const order = users.toSorted((a, b) => uuidOf(`${side} ${a}`).localeCompare(uuidOf(`${side} ${b}`)));
      for (const name of names)
        await commitFacts(
          parts(),
          order.map((user) => due(user, name)),
        );
    });
    const changes = users.map(async (user) => {
      for (let version = 2; version <= 6; version += 1) await change(user, version);
    });
    await Promise.all([...sides, ...changes]);
    for (const user of users) {
      const events = await stored(user);
      expect(events.map(({ seq }) => seq)).to.deep.equal(Array.from({ length: 16 }, (_, index) => index + 1));
      let version = 0;
      for (const event of events) {
        if (!event.detail) version += 1;
        expect(event.version, `${user} ${event.seq}`).to.equal(version);
      }
    }
    expect(new Set(told.map(({ event_id }) => event_id)).size)
      .to.equal(told.length)
      .and.to.equal(200);
  });

  it('change rows of the same users in the same statement, or nothing at all when that fails', async () => {
    await change('frank', 1);
    const fact = due('frank', 'a');
    const statement = {
      userIds: ['frank'],
      given: { reminder_id: fact.detail.reminder_id, event_id: fact.event_id },
      facts: `
        SELECT r.user_id, ($1 ->> 'event_id')::uuid AS event_id, r.task_id, 'REMINDER_DUE' AS type, 'reminder' AS actor,
          r.due_at AS occurred_at, jsonb_build_object('reminder_id', r.reminder_id) AS detail, 1 AS number
        FROM reminders r WHERE r.reminder_id = ($1 ->> 'reminder_id')::uuid AND r.status = 'pending'`,
    };
    const fired = `fired AS (
      UPDATE reminders r SET status = 'due', fired_at = w.occurred_at FROM written w
      WHERE r.user_id = w.user_id AND r.reminder_id = (w.detail ->> 'reminder_id')::uuid)`;
    await database.pool.query(
      `INSERT INTO reminders (user_id, reminder_id, task_id, due_at, reminder, status)
       VALUES ('frank', $1, $2, '2026-11-24T10:00:00Z', '{}', 'pending')`,
      [fact.detail.reminder_id, fact.task_id],
    );
    const statusOf = async (): Promise<unknown> =>
      (await database.pool.query(`SELECT status FROM reminders WHERE user_id = 'frank'`)).rows;
    const broken = fired.replace(`'due'`, `'broken'`);
    const error: unknown = await commitFactsOf(parts(), { ...statement, also: [broken] }).catch((e: unknown) => e);
    expect(error).to.be.an('error').with.property('code', '23514');
    expect({ told, events: (await stored('frank')).length }).to.deep.equal({ told: [], events: 1 });
    expect(await statusOf()).to.deep.equal([{ status: 'pending' }]);

    expect(await commitFactsOf(parts(), { ...statement, also: [fired] })).to.have.length(1);
    expect(await statusOf()).to.deep.equal([{ status: 'due' }]);
    expect(await commitFactsOf(parts(), { ...statement, also: [fired] }), 'no longer pending').to.deep.equal([]);
    expect(await change('frank', 2)).to.equal(3);
  });

  it('whose connection breaks in the middle are committed whole or not at all, and can be asked for again', async () => {
    await change('grace', 1);
    const client = new pg.Client({ connectionString: database.url, application_name: 'breaks' });
    client.on('error', () => undefined);
    await client.connect();
    const lock = new pg.Client({ connectionString: database.url });
    await lock.connect();
    await lock.query(`BEGIN; SELECT FROM users WHERE user_id = 'grace' FOR UPDATE`);
    const broken = commitFacts({ ...parts(), pool: client }, [due('grace', 'a')]).catch((error: unknown) => error);
    await until('it waits', async () => {
      const { rows } = await database.pool.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'breaks' AND wait_event_type = 'Lock'`,
      );
      if (rows[0]) await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
      return rows.length > 0;
    });
    expect(await broken).to.be.an('error');
    await lock.query('COMMIT');
    await lock.end();
    expect(told).to.deep.equal([]);
    expect(await stored('grace')).to.have.length(1);
    expect((await commitFacts(parts(), [due('grace', 'a')])).map(({ seq }) => seq)).to.deep.equal([2]);
  });
});
