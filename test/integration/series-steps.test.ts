import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Pool } from 'pg';
import type { Turn } from '../../actors/host/actor.js';
import { readSteps } from '../../actors/task/sql/series-steps.js';
import type { SeriesStep } from '../../domain/recurrence/series-step.js';
import { TaskActor } from '../../actors/task/task-actor.js';
import { UserLanes } from '../../actors/task/user-lanes.js';
import { UserZones } from '../../actors/task/user-zones.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { occurrenceId } from '../../domain/recurrence/series.js';
import type { ActorKind, CommandResult, SentCommand, TaskCommand, TaskFields } from '../../domain/task/commands.js';
import type { Recurrence } from '../../domain/task/task.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const complete: TaskCommand = { op: 'complete', expected_versions: null };
const reopen: TaskCommand = { op: 'reopen', expected_versions: null };
const rename: TaskCommand = { op: 'update', patch: { title: 'Mine now' }, expected_versions: null };
const remove: TaskCommand = { op: 'delete', scope: 'this', expected_versions: null };

const turn: Turn = { actorId: '', signal: new AbortController().signal, throwIfAborted: () => undefined };

describe('a step of a series', () => {
  let database: TestDatabase;
  let user: string;
  let first: string;
  let second: string;
  let told: CommittedEvent[];
  let now: string;
  let statements: string[];
  /** Called before each statement, by its name. */
  let beforeStatement: (statement: string) => Promise<void> | void;

  before(async () => (database = await testDatabase()));
  after(() => database.drop());
  beforeEach(() => {
    [user, first, told, statements] = [randomUUID(), randomUUID(), [], []];
    second = occurrenceId(first, 2);
    now = '2026-11-24T10:00:00.000Z';
    beforeStatement = () => undefined;
  });

  /** An activation of a task's actor: what it caches is its own. */
  function activate(taskId: string): TaskActor {
    const query = async (statement: { name: string; text: string; values: unknown[] }) => {
      statements.push(statement.name);
      await beforeStatement(statement.name);
      return await database.pool.query(statement);
    };
    const pool = Object.create(database.pool, { query: { value: query } }) as Pool;
    const committed = (event: CommittedEvent) => void told.push(event);
    const parts = { pool, zones: new UserZones(pool), lanes: new UserLanes(), now: () => new Date(now), committed };
    return new TaskActor(parts, user, taskId);
  }
  const send = (
    taskId: string,
    command: TaskCommand,
    { actor = 'rest', on = activate(taskId), ...more }: Partial<SentCommand> & { on?: TaskActor } = {},
  ): Promise<CommandResult> =>
    on.execute({ command, actor, idempotency: null, command_id: randomUUID(), ...more }, turn);
  const create = (recurrence: Recurrence = 'daily', more: Partial<TaskFields> = {}): Promise<CommandResult> =>
    send(first, {
      op: 'create',
      fields: {
        title: 'Stretch',
        description: '',
        priority: 'none',
        tags: [],
        due_date: '2026-11-24T09:00',
        time_zone: 'UTC',
        recurrence,
        reminders: [],
        ...more,
      },
    });
  /** The command as the subscriber sends it. */
  const recur = (
    more: Partial<SentCommand> & { on?: TaskActor } = {},
    { occurrence = 1, task = first, version = 2 } = {},
  ): Promise<CommandResult> =>
    send(
      occurrenceId(first, occurrence + 1),
      { op: 'recur', series_id: first, occurrence, task_id: task, version, at: now },
      { actor: 'recurrence', ...more },
    );
  /** What happened, in the user's order: `TASK_CREATED 2 v1 by recurrence`; `-` where it is none of these tasks. */
  async function story(): Promise<string[]> {
    const { rows } = await database.pool.query<{ type: string; task_id: string; version: number; actor: ActorKind }>(
      `SELECT type, task_id, version, actor FROM events WHERE user_id = $1 ORDER BY seq`,
      [user],
    );
    const numbers = new Map(Array.from({ length: 9 }, (_, index) => [occurrenceId(first, index + 1), index + 1]));
    return rows.map(
      ({ type, task_id, version, actor }) =>
        `${type} ${task_id === first ? 1 : (numbers.get(task_id) ?? '-')} v${version} by ${actor}`,
    );
  }
  const steps = async (): Promise<SeriesStep[]> =>
    (await readSteps(database.pool, '2100-01-01T00:00:00Z', null, 1000)).filter((step) => step.user_id === user);
  const begun = ['TASK_CREATED 1 v1 by rest', 'TASK_COMPLETED 1 v2 by rest'];
  const followed = [...begun, 'TASK_CREATED 2 v1 by recurrence', 'TASK_RECURRED 2 v1 by recurrence'];

  it('stands there from the completion on, until the commit that makes the successor', async () => {
    await create();
    expect(await steps()).to.deep.equal([]);
    await send(first, complete);
    expect(await steps()).to.deep.equal([
      { user_id: user, series_id: first, occurrence: 1, task_id: first, version: 2, created_at: now },
    ]);
    const { task, seq } = await recur();
    expect(task).to.deep.include({ id: second, due_date: '2026-11-25T09:00', occurrence: 2, version: 1 });
    expect(seq).to.equal(3);
    expect(await steps()).to.deep.equal([]);
    expect(await story()).to.deep.equal(followed);
    expect(told.map(({ type, seq }) => `${seq} ${type}`)).to.deep.equal([
      '1 TASK_CREATED',
      '2 TASK_COMPLETED',
      '3 TASK_CREATED',
      '4 TASK_RECURRED',
    ]);
    expect(told[3]).to.deep.include({
      task_id: second,
      version: 1,
      before: null,
      after: task,
      detail: { series_id: first, occurrence: 2, occurrence_date: '2026-11-25T09:00', previous_task_id: first },
    });
  });

  it('costs one reading and one commit', async () => {
    await create();
    await send(first, complete);
    statements = [];
    await recur();
    expect(statements).to.deep.equal(['read-series-step', 'commit-task-with-facts']);
  });

  it('repeated, one after the other and at once, by one activation and by several, makes one successor', async () => {
    await create();
    await send(first, complete);
    const on = activate(second);
    await Promise.all([recur(), recur(), recur(), recur({ on }), recur({ is_repeated: true })]);
    await recur({ on });
    await recur();
    expect(await story()).to.deep.equal(followed);
    expect(await steps()).to.deep.equal([]);
  });

  it('whose answer was lost gets the same answer when it is sent again', async () => {
    await create();
    await send(first, complete);
    const command_id = randomUUID();
    const lost = await recur({ command_id });
    expect(await recur({ command_id, is_repeated: true })).to.deep.equal(lost);
    expect(await story()).to.deep.equal(followed);
  });

  it('that somebody else takes while it is decided on is left to them', async () => {
    await create();
    await send(first, complete);
    let isFirst = true;
    beforeStatement = async (statement) => {
      if (statement !== 'commit-task-with-facts' || !isFirst) return;
      isFirst = false;
      await recur();
    };
    expect(await recur()).to.include({ seq: null });
    expect(await story()).to.deep.equal(followed);
  });

  it('by a command that comes before its event is committed does nothing', async () => {
    await create();
    expect(await recur()).to.deep.equal({ task: null, version: 0, seq: null, replayed: false });
    expect(await story()).to.deep.equal(['TASK_CREATED 1 v1 by rest']);
  });

  it('is computed from the task as it was when it was completed, whatever happened to that since', async () => {
    await create();
    await send(first, complete);
    await send(first, rename);
    await send(first, { op: 'update', patch: { recurrence: null }, expected_versions: null });
    await send(first, remove);
    now = '2026-12-24T10:00:00.000Z';
    expect((await recur()).task).to.include({
      title: 'Stretch',
      due_date: '2026-11-25T09:00',
      created_at: '2026-12-24T10:00:00.000Z',
    });
  });

  it('of a completion, a reopening and a completion is one, whenever the commands come', async () => {
    for (const when of ['before', 'between', 'after']) {
      [user, first] = [randomUUID(), randomUUID()];
      second = occurrenceId(first, 2);
      await create();
      await send(first, complete);
      if (when === 'before') await recur();
      await send(first, reopen);
      if (when === 'between') await recur();
      await send(first, complete);
      await recur({}, { version: 4 });
      await recur();
      const made = (await story()).filter((line) => line.startsWith('TASK_CREATED 2'));
      expect(made, when).to.deep.equal(['TASK_CREATED 2 v1 by recurrence']);
      expect(await steps(), when).to.deep.equal([]);
    }
  });

  it('makes none where the next one was deleted by its user', async () => {
    await create();
    await send(first, complete);
    await recur();
    await send(second, { op: 'delete', scope: 'series', expected_versions: null });
    await send(first, reopen);
    await send(first, complete);
    await recur({}, { version: 4 });
    expect((await story()).filter((line) => line.startsWith('TASK_CREATED'))).to.have.length(2);
    expect(await steps()).to.deep.equal([]);
  });

  it('of a deleted occurrence goes by the task as it was before', async () => {
    await create('daily', { tags: ['body'] });
    await send(first, remove);
    expect((await recur()).task).to.deep.include({ title: 'Stretch', tags: ['body'], due_date: '2026-11-25T09:00' });
  });

  it('where no slot is left ends the series, once', async () => {
    await create({ rule: 'FREQ=DAILY;COUNT=1', basis: 'due_date', catch_up: 'next' });
    await send(first, complete);
    await Promise.all([recur(), recur()]);
    await recur();
    expect(await story()).to.deep.equal([...begun, 'SERIES_ENDED 1 v2 by recurrence']);
    expect(told.at(-1)).to.deep.include({
      task_id: first,
      version: 2,
      detail: { series_id: first, occurrence: 1 },
    });
    expect(told.at(-1)?.after).to.include({ status: 'done' });
    expect(await steps()).to.deep.equal([]);
    await send(first, reopen);
    await send(first, complete);
    await recur({}, { version: 4 });
    expect((await story()).filter((line) => line.startsWith('SERIES_ENDED'))).to.have.length(1);
    expect(await steps()).to.deep.equal([]);
  });

  describe('the zone of the user', () => {
    const move = (zone: string) =>
      database.pool.query(`UPDATE users SET time_zone = $2 WHERE user_id = $1`, [user, zone]);

    it('is that of the moment of the commit, where the task goes by it', async () => {
      await create('daily', { time_zone: null });
      await send(first, complete);
      let moves = 0;
      beforeStatement = async (statement) => {
        if (statement === 'commit-task-with-facts' && (moves += 1) === 1) await move('Asia/Tokyo');
      };
      expect((await recur()).task).to.include({ time_zone: 'Asia/Tokyo', due_date: '2026-11-25T09:00' });
      expect(await story()).to.deep.equal(followed);
    });

    it('says on which day a completion was, where the rule counts from it', async () => {
      now = '2026-11-24T20:00:00.000Z';
      await create({ rule: 'FREQ=DAILY;INTERVAL=2', basis: 'completion', catch_up: 'next' });
      await move('Asia/Tokyo');
      await send(first, complete);
      expect((await recur()).task).to.include({ time_zone: 'UTC', due_date: '2026-11-27T09:00' });
    });
  });

  describe('an undone completion', () => {
    const undo = () => send(first, reopen, { actor: 'undo' });

    it('takes the untouched successor away, and a completion after it makes it again', async () => {
      await create();
      await send(first, complete);
      await recur();
      await undo();
      expect(await recur({}, { version: 3 })).to.include({ task: null, seq: 6 });
      expect(await steps()).to.deep.equal([]);
      await send(first, complete);
      expect((await recur({}, { version: 4 })).task).to.include({ id: second, status: 'open', version: 3 });
      expect(await story()).to.deep.equal([
        ...followed,
        'TASK_REOPENED 1 v3 by undo',
        'TASK_DELETED 2 v2 by undo',
        'TASK_COMPLETED 1 v4 by rest',
        'TASK_CREATED 2 v3 by recurrence',
        'TASK_RECURRED 2 v3 by recurrence',
      ]);
    });

    it('leaves a successor that somebody has touched', async () => {
      await create();
      await send(first, complete);
      await recur();
      await send(second, rename);
      await undo();
      expect(await recur({}, { version: 3 })).to.include({ seq: null });
      expect(await steps()).to.deep.equal([]);
      expect((await story()).filter((line) => line.startsWith('TASK_DELETED'))).to.be.empty;
    });

    it('before the successor was made lets none be made, by late commands either', async () => {
      await create();
      await send(first, complete);
      await undo();
      expect(await recur()).to.include({ seq: null });
      expect(await recur({}, { version: 3 })).to.include({ seq: null });
      expect(await story()).to.deep.equal([...begun, 'TASK_REOPENED 1 v3 by undo']);
    });

    it('while the successor is being made lets none be made', async () => {
      await create();
      await send(first, complete);
      let isFirst = true;
      beforeStatement = async (statement) => {
        if (statement !== 'commit-task-with-facts' || !isFirst) return;
        isFirst = false;
        await undo();
      };
      expect(await recur()).to.include({ seq: null });
      expect((await story()).filter((line) => line.startsWith('TASK_CREATED'))).to.have.length(1);
    });

    it('while the series is being ended lets it not be ended', async () => {
      await create({ rule: 'FREQ=DAILY;COUNT=1', basis: 'due_date', catch_up: 'next' });
      await send(first, complete);
      beforeStatement = async (statement) => {
        if (statement === 'commit-facts') await undo();
      };
      await recur();
      expect(await story()).to.deep.equal([...begun, 'TASK_REOPENED 1 v3 by undo']);
      expect((await steps()).map(({ version }) => version)).to.deep.equal([3]);
    });

    it('and completed again while the successor is being taken away leaves one', async () => {
      await create();
      await send(first, complete);
      await recur();
      await undo();
      let isFirst = true;
      beforeStatement = async (statement) => {
        if (statement !== 'commit-deletion-with-facts' || !isFirst) return;
        isFirst = false;
        await send(first, complete);
      };
      await recur({}, { version: 3 });
      await recur({}, { version: 4 });
      expect((await story()).filter((line) => line.includes(' 2 v'))).to.deep.equal(followed.slice(2));
      expect(await steps()).to.deep.equal([]);
    });

    it('of a deletion takes the successor away as well', async () => {
      await create();
      await send(first, remove);
      await recur();
      const back: TaskCommand = {
        op: 'create',
        fields: {
          ...{ title: 'Stretch', description: '', priority: 'none', tags: [], reminders: [] },
          ...{ due_date: '2026-11-24T09:00', time_zone: 'UTC', recurrence: 'daily' },
        },
      };
      await send(first, back, { actor: 'undo' });
      await recur({}, { version: 3 });
      expect((await story()).at(-1)).to.equal('TASK_DELETED 2 v2 by undo');
    });
  });

  it('is told of from the oldest on, a page at a time', async () => {
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      first = randomUUID();
      now = `2026-11-24T10:00:0${Math.floor(index / 2)}.000Z`;
      await create();
      await send(first, complete);
      made.push(first);
    }
    const seen: string[] = [];
    for (let after: SeriesStep | null = null; ;) {
      const page: SeriesStep[] = await readSteps(database.pool, '2026-11-24T10:00:01.000Z', after, 2);
      seen.push(...page.filter((step) => step.user_id === user).map((step) => step.series_id));
      after = page.at(-1) ?? null;
      if (page.length < 2) break;
    }
    expect(seen.slice(0, 2).toSorted()).to.deep.equal(made.slice(0, 2).toSorted());
    expect(seen.slice(2).toSorted()).to.deep.equal(made.slice(2, 4).toSorted());
  });
});
