import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Pool } from 'pg';
import type { Turn } from '../../actors/host/actor.js';
import { TaskActor } from '../../actors/task/task-actor.js';
import { UserLanes } from '../../actors/task/user-lanes.js';
import { UserZones } from '../../actors/task/user-zones.js';
import { TodoError } from '../../domain/errors.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { CommandResult, SentCommand, TaskCommand, TaskFields } from '../../domain/task/commands.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';

const create = (title: string, more: Partial<TaskFields> = {}): TaskCommand => ({
  op: 'create',
  fields: {
    title,
    description: '',
    priority: 'none',
    tags: [],
    due_date: null,
    time_zone: null,
    recurrence: null,
    reminders: [],
    ...more,
  },
});
const rename = (title: string, versions: number[] | null = null): TaskCommand => ({
  op: 'update',
  patch: { title },
  expected_versions: versions,
});
const complete: TaskCommand = { op: 'complete', expected_versions: null };
const remove: TaskCommand = { op: 'delete', scope: 'this', expected_versions: null };

const sent = (command: TaskCommand, more: Partial<SentCommand> = {}): SentCommand => ({
  command,
  actor: 'rest',
  idempotency: null,
  command_id: randomUUID(),
  ...more,
});
const named = (key: string, command: TaskCommand, request_hash = 'the request'): SentCommand =>
  sent(command, { idempotency: { key, request_hash } });

/** A turn; when it is aborted the caller is gone. */
function turn({ isAborted = false } = {}): Turn {
  return {
    actorId: '',
    signal: new AbortController().signal,
    throwIfAborted() {
      if (isAborted) throw new TodoError('unavailable', 'aborted');
    },
  };
}

/** The code of the refusal that a command ends with. */
async function refusal(result: Promise<CommandResult>): Promise<string> {
  const error: unknown = await result.then(
    ({ version }) => new Error(`it succeeded with version ${version}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TodoError)) throw error;
  return error.code;
}

describe('the Task actor', () => {
  let database: TestDatabase;
  let user: string;
  let task: string;
  let told: CommittedEvent[];
  let statements: string[];
  let now: string;
  const lanes = new UserLanes();
  /** Called before each statement, by its name. */
  let beforeStatement: (statement: string) => Promise<void> | void;
  /** Called after each statement. */
  let afterStatement: (statement: string) => void;

  before(async () => (database = await testDatabase()));
  after(() => database.drop());
  beforeEach(() => {
    [user, task, told, statements] = [randomUUID(), randomUUID(), [], []];
    now = '2026-11-24T10:00:00.000Z';
    beforeStatement = afterStatement = () => undefined;
  });

  /** An activation of the task's actor: what it caches is its own. */
  function activate(taskId = task, pool = watched(database.pool)): TaskActor {
    const committed = (event: CommittedEvent) => void told.push(event);
    return new TaskActor(
      { pool, zones: new UserZones(pool), lanes, now: () => new Date(now), committed },
      user,
      taskId,
    );
  }
  function watched(pool: Pool): Pool {
    const query = async (statement: { name: string; text: string; values: unknown[] }) => {
      statements.push(statement.name);
      await beforeStatement(statement.name);
      const result = await pool.query(statement);
      afterStatement(statement.name);
      return result;
    };
    return Object.create(pool, { query: { value: query } }) as Pool;
  }
  /** What the log of the user says: `1 TASK_CREATED v1`. */
  async function events(): Promise<string[]> {
    const { rows } = await database.pool.query<{ line: string }>(
      `SELECT seq || ' ' || type || ' v' || version AS line FROM events WHERE user_id = $1 ORDER BY seq`,
      [user],
    );
    return rows.map((row) => row.line);
  }
  const afterwards = async (table: string): Promise<unknown[]> =>
    (await database.pool.query<object>(`SELECT * FROM ${table} WHERE user_id = $1`, [user])).rows;

  describe('a commit', () => {
    it('is one statement that writes the event, the task, the answer and the next seq of the user', async () => {
      const result = await activate().execute(named('k', create('Pay rent')), turn());
      expect(statements.filter((name) => name !== 'read-user-zone')).to.deep.equal(['commit-task']);
      expect(result).to.deep.include({ version: 1, seq: 1, replayed: false });
      expect(await events()).to.deep.equal(['1 TASK_CREATED v1']);
      expect((await afterwards('tasks'))[0]).to.include({ id: task, title: 'Pay rent', version: 1 });
      expect((await afterwards('idempotency_keys'))[0]).to.include({ key: 'k', task_id: task, version: 1 });
      expect((await afterwards('users'))[0]).to.include({ seq: 1 });
    });

    it('by a warm actor is all that a command costs: nothing is read', async () => {
      const actor = activate();
      await actor.execute(sent(create('Pay rent')), turn());
      statements = [];
      await actor.execute(sent(rename('Pay the rent')), turn());
      await actor.execute(sent(complete), turn());
      expect(statements).to.deep.equal(['commit-task', 'commit-task']);
    });

    it('is told of right after it, with the task before and after', async () => {
      const actor = activate();
      const id = randomUUID();
      await actor.execute(sent(create('Pay rent')), turn());
      await actor.execute(sent(complete, { command_id: id }), turn());
      expect(told[1]).to.deep.include({ event_id: id, type: 'TASK_COMPLETED', user_id: user, seq: 2, version: 2 });
      expect([told[1]?.before?.status, told[1]?.after?.status]).to.deep.equal(['open', 'done']);
      expect(told[1]?.after).not.to.have.any.keys('floating', 'origin', 'anchor');
    });

    it('takes the next number of the user whatever the task, and leaves no gap where one is refused', async () => {
      const other = randomUUID();
      await activate().execute(named('k', create('1')), turn());
      await activate(other)
        .execute(named('k', create('refused'), 'another'), turn())
        .catch(() => undefined);
      await activate(other).execute(sent(create('2')), turn());
      expect(await events()).to.deep.equal(['1 TASK_CREATED v1', '2 TASK_CREATED v1']);
    });

    it('of a deletion takes the task away and keeps its history', async () => {
      const actor = activate();
      await actor.execute(sent(create('Pay rent')), turn());
      expect(await actor.execute(sent(remove), turn())).to.deep.include({ task: null, version: 2, seq: 2 });
      expect(await afterwards('tasks')).to.be.empty;
      expect(await events()).to.deep.equal(['1 TASK_CREATED v1', '2 TASK_DELETED v2']);
      expect(await refusal(actor.execute(sent(complete), turn()))).to.equal('not_found');
    });

    it('is never earlier than the change before it, even when the clock is set back', async () => {
      const actor = activate();
      await actor.execute(sent(create('Pay rent')), turn());
      now = '2020-01-01T00:00:00.000Z';
      const { task: after } = await actor.execute(sent(complete), turn());
      expect(after?.updated_at).to.equal('2026-11-24T10:00:00.000Z');
    });
  });

  describe('two activations at once', () => {
    it('cannot both commit on one version: the second reads again and decides on what it finds', async () => {
      const [first, second] = [activate(), activate()];
      await first.execute(sent(create('Pay rent')), turn());
      await second.execute(sent(rename('Pay the rent')), turn());
      const { task: after } = await first.execute(sent(complete), turn());
      expect(after).to.include({ title: 'Pay the rent', status: 'done', version: 3 });
      expect(await events()).to.deep.equal(['1 TASK_CREATED v1', '2 TASK_UPDATED v2', '3 TASK_COMPLETED v3']);
    });

    it('lose no command and count none twice when they take turns', async () => {
      const actors = [activate(), activate(), activate()];
      await actors[0]?.execute(sent(create('0')), turn());
      for (let round = 1; round <= 5; round += 1) {
        await Promise.all(actors.map((actor, index) => actor.execute(sent(rename(`${round}.${index}`)), turn())));
      }
      expect(await events()).to.have.length(16);
      expect((await events()).at(-1)).to.equal('16 TASK_UPDATED v16');
    });

    it('check If-Match against what is there, not against what one of them remembers', async () => {
      const [first, second] = [activate(), activate()];
      await first.execute(sent(create('Pay rent')), turn());
      await second.execute(sent(rename('Pay the rent')), turn());
      expect(await refusal(first.execute(sent(rename('Lost', [1])), turn()))).to.equal('precondition_failed');
    });

    it('refuse nothing, and leave nothing undone, because of what one of them remembers', async () => {
      const [first, second] = [activate(), activate()];
      await first.execute(sent(create('Pay rent')), turn());
      await second.execute(sent(complete), turn());
      const { task: renamed } = await first.execute(sent(rename('Paid', [2])), turn());
      expect(renamed).to.include({ title: 'Paid', status: 'done', version: 3 });
      await second.execute(sent({ op: 'reopen', expected_versions: null }), turn());
      const { task: completed } = await first.execute(sent(complete), turn());
      expect(completed).to.include({ status: 'done', version: 5 });
    });

    it('end as contended, and nothing is committed, when the other is faster four times in a row', async () => {
      const [first, second] = [activate(), activate()];
      await first.execute(sent(create('0')), turn());
      let isOther = false;
      let faster = 0;
      beforeStatement = async (statement) => {
        if (statement !== 'commit-task' || isOther) return;
        isOther = true;
        await second.execute(sent(rename(`faster ${(faster += 1)}`)), turn());
        isOther = false;
      };
      expect(await refusal(first.execute(sent(rename('slower')), turn()))).to.equal('contended');
      expect([faster, (await events()).length]).to.deep.equal([4, 5]);
      beforeStatement = () => undefined;
      expect(await first.execute(sent(rename('at last')), turn())).to.deep.include({ version: 6 });
    });
  });

  describe('a command that comes again', () => {
    const commands: [string, TaskCommand][] = [
      [
        'create',
        create('Again', { tags: ['b', 'a'], recurrence: { rule: 'FREQ=DAILY', basis: 'completion', catch_up: 'all' } }),
      ],
      ['update', rename('Again')],
      ['complete', complete],
      ['delete', remove],
    ];
    for (const [op, command] of commands) {
      it(`under the same Idempotency-Key gets its first answer again, whatever happened since: ${op}`, async () => {
        const actor = activate();
        if (op !== 'create') await actor.execute(sent(create('Pay rent')), turn());
        const first = await actor.execute(named('k', command), turn());
        if (op !== 'delete') await actor.execute(sent(rename('Something newer')), turn());
        const length = (await events()).length;
        for (const again of [actor, activate(), activate(op === 'create' ? randomUUID() : task)]) {
          const second = await again.execute(named('k', command), turn());
          expect(second.replayed).to.equal(true);
          // As text, since that is what a client compares.
          expect(JSON.stringify(second.task)).to.equal(JSON.stringify(first.task));
        }
        expect(await events()).to.have.length(length);
      });

      it(`under its own id finds its own commit, whatever happened since: ${op}`, async () => {
        const actor = activate();
        if (op !== 'create') await actor.execute(sent(create('Pay rent')), turn());
        const original = sent(command);
        const first = await actor.execute(original, turn());
        if (op !== 'delete') await activate().execute(sent(rename('Something newer')), turn());
        const length = (await events()).length;
        for (const again of [actor, activate()]) {
          const second = await again.execute({ ...original, is_repeated: true }, turn());
          expect(second).to.deep.equal(first);
        }
        expect(await events()).to.have.length(length);
      });
    }

    it('under the same key with another request is refused, whatever the task', async () => {
      const actor = activate();
      await actor.execute(named('k', create('Pay rent')), turn());
      for (const again of [activate(), actor, activate(randomUUID())]) {
        const reused = again.execute(named('k', create('Pay more'), 'another request'), turn());
        expect(await refusal(reused)).to.equal('idempotency_key_reused');
      }
      const unchanging = actor.execute(named('k', rename('Pay rent'), 'a third'), turn());
      expect(await refusal(unchanging)).to.equal('idempotency_key_reused');
      expect(await events()).to.have.length(1);
    });

    it('twenty times at once under one key is carried out once', async () => {
      const tasks = Array.from({ length: 20 }, () => randomUUID());
      const results = await Promise.all(tasks.map((id) => activate(id).execute(named('k', create('Once')), turn())));
      expect(new Set(results.map((result) => result.task?.id))).to.have.property('size', 1);
      expect(results.filter((result) => !result.replayed)).to.have.length(1);
      expect(await events()).to.deep.equal(['1 TASK_CREATED v1']);
    });

    it('after it changed nothing gets the answer it got then', async () => {
      const actor = activate();
      await actor.execute(sent(create('Pay rent')), turn());
      const first = await actor.execute(named('k', rename('Pay rent')), turn());
      expect(first).to.deep.include({ version: 1, seq: null, replayed: false });
      await actor.execute(sent(rename('Something newer')), turn());
      const second = await actor.execute(named('k', rename('Pay rent')), turn());
      expect(second).to.deep.equal({ ...first, replayed: true });
      expect(await events()).to.have.length(2);
    });

    it('after it was refused is carried out: only what succeeded keeps its key', async () => {
      const actor = activate();
      await actor.execute(sent(create('Pay rent')), turn());
      expect(await refusal(actor.execute(named('k', rename('New', [7])), turn()))).to.equal('precondition_failed');
      expect(await actor.execute(named('k', rename('New', [1])), turn())).to.deep.include({ version: 2 });
    });

    it('does not share its key with another user', async () => {
      await activate().execute(named('k', create('Mine')), turn());
      [user, task] = [randomUUID(), randomUUID()];
      expect(await activate().execute(named('k', create('Yours')), turn())).to.deep.include({ replayed: false });
    });
  });

  describe('one user with many commands at once', () => {
    it('leaves connections to everybody else, and gets all of them done', async () => {
      const [busy, other] = [randomUUID(), randomUUID()];
      await database.pool.query('INSERT INTO users (user_id) VALUES ($1)', [busy]);
      const holder = await database.pool.connect();
      await holder.query('BEGIN');
      await holder.query('SELECT FROM users WHERE user_id = $1 FOR UPDATE', [busy]);

      user = busy;
      // Four times as many as there are connections.
      const commands = Array.from({ length: 40 }, (_, index) =>
        activate(randomUUID()).execute(sent(create(`${index}`)), turn()),
      );
      user = other;
      expect(await activate().execute(sent(create('Mine')), turn())).to.deep.include({ seq: 1 });

      await holder.query('ROLLBACK');
      holder.release();
      await Promise.all(commands);
      user = busy;
      expect(await events()).to.have.length(40);
    });

    it('commits nothing for a caller that went away while its command waited', async () => {
      let isAborted = false;
      const leaving: Turn = {
        ...turn(),
        throwIfAborted() {
          if (isAborted) throw new TodoError('unavailable', 'aborted');
        },
      };
      await activate().execute(sent(create('First')), turn());
      const holder = await database.pool.connect();
      await holder.query('BEGIN');
      await holder.query('SELECT FROM users WHERE user_id = $1 FOR UPDATE', [user]);
      const commands = Array.from({ length: 10 }, () => activate(randomUUID()).execute(sent(create('x')), leaving));
      const ends = Promise.allSettled(commands);
      await until('four of them in the database', () => statements.filter((s) => s === 'commit-task').length === 5);
      isAborted = true;
      await holder.query('ROLLBACK');
      holder.release();
      const outcomes = (await ends).map(({ status }) => status);
      expect(outcomes.filter((status) => status === 'fulfilled')).to.have.length(4);
      expect(await events()).to.have.length(5);
    });
  });

  describe('the zone of the user', () => {
    const move = (zone: string) =>
      database.pool.query(
        `INSERT INTO users (user_id, time_zone) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET time_zone = $2`,
        [user, zone],
      );

    it('is that of the moment of the commit, not a remembered one', async () => {
      const actor = activate();
      await actor.execute(sent(create('Before', { time_zone: null })), turn());
      await move('Asia/Tokyo');
      const patch: TaskCommand = { op: 'update', patch: { time_zone: null }, expected_versions: null };
      expect((await actor.execute(sent(patch), turn())).task).to.include({ time_zone: 'Asia/Tokyo' });
    });

    it('is asked for again when it changes between the decision and the commit', async () => {
      await move('Europe/Berlin');
      let moves = 0;
      beforeStatement = async (statement) => {
        if (statement === 'commit-task' && (moves += 1) === 1) await move('Asia/Tokyo');
      };
      const { task: after } = await activate().execute(sent(create('On the move')), turn());
      expect(after).to.include({ time_zone: 'Asia/Tokyo' });
      expect(await events()).to.deep.equal(['1 TASK_CREATED v1']);
    });

    it('does not matter to a task that names its own', async () => {
      await move('Asia/Tokyo');
      const { task: after } = await activate().execute(sent(create('Home', { time_zone: 'Europe/Berlin' })), turn());
      expect(after).to.include({ time_zone: 'Europe/Berlin' });
    });
  });

  describe('a turn that breaks off', () => {
    it('because its caller is gone commits nothing, and the next one is not disturbed', async () => {
      const actor = activate();
      await actor.execute(sent(create('Pay rent')), turn());
      const aborted = actor.execute(sent(complete), turn({ isAborted: true }));
      expect(await refusal(aborted)).to.equal('unavailable');
      expect(await events()).to.deep.equal(['1 TASK_CREATED v1']);
      expect((await actor.execute(sent(complete), turn())).task).to.include({ status: 'done', version: 2 });
    });

    it('because the database is gone is answered as unavailable, and the next one reads what is true', async () => {
      const actor = activate();
      await actor.execute(sent(create('Pay rent')), turn());
      beforeStatement = () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      };
      expect(await refusal(actor.execute(sent(complete), turn()))).to.equal('unavailable');
      beforeStatement = () => undefined;
      await activate().execute(sent(rename('Meanwhile')), turn());
      expect((await actor.execute(sent(complete), turn())).task).to.include({ title: 'Meanwhile', version: 3 });
    });

    it('after its commit, before it heard of it, is found by the same command again', async () => {
      const actor = activate();
      const original = sent(create('Pay rent'));
      afterStatement = (statement) => {
        if (statement === 'commit-task') throw new Error('Connection terminated unexpectedly');
      };
      expect(await refusal(actor.execute(original, turn()))).to.equal('unavailable');
      afterStatement = () => undefined;
      expect(await actor.execute({ ...original, is_repeated: true }, turn())).to.deep.include({ version: 1, seq: 1 });
      expect(await events()).to.deep.equal(['1 TASK_CREATED v1']);
    });
  });
});
