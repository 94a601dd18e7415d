import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { commitFacts } from '../../actors/facts/commit-facts.js';
import { readEvents } from '../../actors/events/read-events.js';
import { violatedConstraint, type Commit } from '../../actors/task/sql/commit-event.js';
import { commitWithFacts, isOvertaken } from '../../actors/task/sql/commit-with-facts.js';
import { derivedId } from '../../domain/events/derived-id.js';
import type { DetailOf, NewFact } from '../../domain/events/event.js';
import type { Consequences } from '../../domain/task/consequences.js';
import type { TaskState } from '../../domain/task/task.js';
import { taskAt, uuidOf } from '../support/events.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';

const stateAt = (user: string, version: number): TaskState => ({
  ...taskAt(user, version),
  floating: false,
  origin: null,
  anchor: { date: '2026-01-31', occurrence: 1 },
});

const commitOf = (userId: string, version: number, more: Partial<Commit> = {}): Commit => ({
  userId,
  taskId: uuidOf(`${userId}'s task`),
  eventId: randomUUID(),
  type: version === 1 ? 'TASK_CREATED' : 'TASK_UPDATED',
  actor: 'rest',
  timestamp: '2026-11-24T09:00:00.000Z',
  version,
  before: version === 1 ? null : stateAt(userId, version - 1),
  after: stateAt(userId, version),
  assumedZone: null,
  idempotency: null,
  ...more,
});

const reminder = (user: string, name: string): DetailOf<'REMINDER_SCHEDULED'> => ({
  reminder_id: derivedId(user, name),
  occurrence: 1,
  due_at: '2026-11-29T17:00:00.000Z',
  reminder: { before: 'PT15M' },
});
const scheduled = (user: string, name: string, version: number): NewFact => ({
  type: 'REMINDER_SCHEDULED',
  event_id: derivedId(user, name, 'scheduled', version),
  detail: reminder(user, name),
});
const cancelled = (user: string, name: string, version: number): NewFact => ({
  type: 'REMINDER_CANCELLED',
  event_id: derivedId(user, name, 'cancelled', version),
  detail: reminder(user, name),
});
const ended = (user: string): NewFact => ({
  type: 'SERIES_ENDED',
  event_id: derivedId(user, 'ended'),
  detail: { series_id: uuidOf(user), occurrence: 1 },
});
const only = (...facts: NewFact[]): Consequences => ({ facts, step: null });

describe('a change with its consequences', () => {
  let database: TestDatabase;
  before(async function () {
    this.timeout(20_000);
    database = await testDatabase();
  });
  after(() => database.drop());

  const commit = (what: Commit, consequences: Consequences) => commitWithFacts(database.pool, what, consequences);
  const statusOf = async (user: string): Promise<string[]> =>
    (
      await database.pool.query<{ line: string }>(
        `SELECT reminder_id || ' ' || status AS line FROM reminders WHERE user_id = $1 ORDER BY 1`,
        [user],
      )
    ).rows.map(({ line }) => line);
  const due = (user: string, name: string) =>
    commitFacts({ pool: database.pool, committed: () => undefined }, [
      {
        type: 'REMINDER_DUE',
        event_id: derivedId(user, name, 'due'),
        user_id: user,
        task_id: uuidOf(`${user}'s task`),
        actor: 'reminder',
        timestamp: '2026-11-29T17:00:00.000Z',
        detail: { ...reminder(user, name), late_by_seconds: 0 },
      },
    ]);
  const fire = (user: string): Promise<unknown> =>
    database.pool.query(`UPDATE reminders SET status = 'due' WHERE user_id = $1`, [user]);

  it('has the places right after it for its facts, in their order, and a task that reads as before', async () => {
    const facts = [scheduled('alice', 'a', 1), ended('alice'), scheduled('alice', 'b', 1)];
    const first = commitOf('alice', 1);
    expect(await commit(first, only(...facts))).to.deep.equal({ seq: 1, facts });
    expect((await commit(commitOf('alice', 2), only()))?.seq).to.equal(5);
    const events = await readEvents(database.pool, 'alice', 0, 10);
    expect(events.map(({ seq, type, version }) => [seq, type, version])).to.deep.equal([
      [1, 'TASK_CREATED', 1],
      [2, 'REMINDER_SCHEDULED', 1],
      [3, 'SERIES_ENDED', 1],
      [4, 'REMINDER_SCHEDULED', 1],
      [5, 'TASK_UPDATED', 2],
    ]);
    const { userId: user_id, taskId: task_id, timestamp } = first;
    const shared = { user_id, task_id, version: 1, timestamp, actor: 'rest', before: null, after: taskAt('alice', 1) };
    expect(events[1]).to.deep.equal({ ...facts[0], ...shared, seq: 2 });
    expect(events[4]?.before, 'what the next change builds on').to.deep.equal(taskAt('alice', 1));
    const { rows } = await database.pool.query(`SELECT version, series_anchor FROM tasks WHERE user_id = 'alice'`);
    expect(rows).to.deep.equal([{ version: 2, series_anchor: { date: '2026-01-31', occurrence: 1 } }]);
  });

  it('keeps the reminders with it: those that are scheduled are pending, of which some are cancelled later', async () => {
    const [a, b] = [reminder('bob', 'a').reminder_id, reminder('bob', 'b').reminder_id];
    await commit(commitOf('bob', 1), only(scheduled('bob', 'a', 1), scheduled('bob', 'b', 1)));
    expect(await statusOf('bob')).to.have.members([`${a} pending`, `${b} pending`]);
    await commit(commitOf('bob', 2), only(cancelled('bob', 'a', 2)));
    expect(await statusOf('bob')).to.have.members([`${a} cancelled`, `${b} pending`]);
    await commit(commitOf('bob', 3), only(scheduled('bob', 'a', 3)));
    expect(await statusOf('bob'), 'scheduled again').to.have.members([`${a} pending`, `${b} pending`]);
    const deletion = commitOf('bob', 4, { type: 'TASK_DELETED', after: null });
    expect((await commit(deletion, only(cancelled('bob', 'a', 4), cancelled('bob', 'b', 4))))?.seq).to.equal(8);
    expect(await statusOf('bob')).to.have.members([`${a} cancelled`, `${b} cancelled`]);
    const { rows } = await database.pool.query(`SELECT FROM tasks WHERE user_id = 'bob'`);
    expect(rows).to.deep.equal([]);
  });

  it('leaves out facts that do not hold, which take no place: of what is pending, was due, or is named already', async () => {
    await commit(commitOf('carol', 1), only(scheduled('carol', 'a', 1), ended('carol')));
    const later = only(
      scheduled('carol', 'a', 2),
      ended('carol'),
      cancelled('carol', 'unknown', 2),
      scheduled('carol', 'b', 2),
    );
    expect(await commit(commitOf('carol', 2), later)).to.deep.equal({ seq: 4, facts: [later.facts[3]] });
    await fire('carol');
    const afterwards = only(cancelled('carol', 'a', 3), scheduled('carol', 'b', 3));
    expect(await commit(commitOf('carol', 3), afterwards)).to.deep.equal({ seq: 6, facts: [] });
    expect((await statusOf('carol')).every((line) => line.endsWith(' due'))).to.equal(true);
  });

  it('commits nothing at all where the version is taken, the key is, or the zone is another one', async () => {
    await commit(commitOf('dave', 1, { idempotency: { key: 'k', request_hash: 'h' } }), only());
    const facts = only(scheduled('dave', 'a', 1));
    const refused = async (what: Partial<Commit>, version: number) =>
      violatedConstraint(await commit(commitOf('dave', version, what), facts).catch((error: unknown) => error));
    expect(await refused({}, 1)).to.equal('events_task_version');
    expect(await refused({ idempotency: { key: 'k', request_hash: 'h' } }, 2)).to.equal('idempotency_keys_pkey');
    expect(await commit(commitOf('dave', 2, { assumedZone: 'Asia/Tokyo' }), facts)).to.equal(null);
    expect(await statusOf('dave')).to.deep.equal([]);
    expect((await commit(commitOf('dave', 2), facts))?.seq, 'no number was lost').to.equal(2);
  });

  it('notes the step that a series has to take, and takes it away in one statement with what it led to', async () => {
    const steps = async (): Promise<unknown[]> =>
      (
        await database.pool.query<object>(
          `SELECT series_id, occurrence, task_id, version FROM series_steps WHERE user_id = 'erin'`,
        )
      ).rows;
    const step = { series_id: uuidOf('series'), occurrence: 1 };
    const task_id = uuidOf(`erin's task`);
    await commit(commitOf('erin', 1), { facts: [], step: { kind: 'made', ...step } });
    expect(await steps()).to.deep.equal([{ ...step, task_id, version: 1 }]);
    await commit(commitOf('erin', 2), { facts: [], step: { kind: 'made', ...step } });
    expect(await steps(), 'asked for by the last').to.deep.equal([{ ...step, task_id, version: 2 }]);
    const taken = { facts: [], step: { kind: 'taken', version: 2, ...step } } as const;
    await commit(commitOf('erin', 3), taken);
    expect(await steps()).to.deep.equal([]);
  });

  it('is decided anew when a reminder came due between its reading and its commit', async function () {
    this.timeout(20_000);
    await commit(commitOf('fay', 1), only(scheduled('fay', 'a', 1)));
    const firing = await database.pool.connect();
    await firing.query('BEGIN');
    await firing.query(`SELECT FROM users WHERE user_id = 'fay' FOR UPDATE`);
    const overtaken = commit(commitOf('fay', 2), only(cancelled('fay', 'a', 2))).catch((error: unknown) => error);
    await until('it waits for the user', async () => {
      const { rows } = await database.pool.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    await firing.query(`UPDATE reminders SET status = 'due' WHERE user_id = 'fay'`);
    await firing.query('COMMIT');
    firing.release();
    expect(isOvertaken(await overtaken)).to.equal(true);
    await due('fay', 'a');
    expect(await commit(commitOf('fay', 2), only(cancelled('fay', 'a', 2)))).to.deep.equal({ seq: 4, facts: [] });
    expect(await statusOf('fay')).to.deep.equal([`${reminder('fay', 'a').reminder_id} due`]);
  });
});
