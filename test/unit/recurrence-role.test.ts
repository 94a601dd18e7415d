import { expect } from 'chai';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { TodoError } from '../../domain/errors.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { occurrenceId } from '../../domain/recurrence/series.js';
import type { CommandEnvelope, CommandResult } from '../../domain/task/commands.js';
import type { Task } from '../../domain/task/task.js';
import { systemClock } from '../../runtime/clock.js';
import type { Subscriber } from '../../runtime/role.js';
import { startRecurrence, type RecurrenceContext } from '../../subscribers/recurrence/role.js';
import type { SeriesStep } from '../../domain/recurrence/series-step.js';
import { taskAt, uuidOf } from '../support/events.js';
import { until } from '../support/until.js';

const series = uuidOf('series');
const occurrence = (version: number, changed: Partial<Task> = {}): Task =>
  taskAt('alice', version, { recurrence: 'daily', series_id: series, occurrence: 3, ...changed });
const open = occurrence(1);
const done = occurrence(2, { status: 'done' });

function event(type: 'TASK_COMPLETED' | 'TASK_SKIPPED' | 'TASK_REOPENED', before: Task, after: Task, actor = 'rest') {
  return {
    ...{ event_id: uuidOf(type), type, user_id: 'alice', task_id: open.id, seq: 2, version: 2 },
    ...{ timestamp: '2026-11-24T10:00:00.000Z', actor: actor as CommittedEvent['actor'], before, after },
  } as const;
}
const completed = event('TASK_COMPLETED', open, done);

const stepAt = (number: number): SeriesStep => ({
  user_id: 'alice',
  series_id: series,
  occurrence: number,
  task_id: open.id,
  version: 2,
  created_at: '2026-11-24T10:00:00.000Z',
});

describe('the recurrence role', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  /** The role, with what it commands, and what the database has for it. */
  function start(answer: (occurrence: number) => Promise<CommandResult>) {
    const commanded: { userId: string; taskId: string; envelope: CommandEnvelope }[] = [];
    const waiting: SeriesStep[] = [];
    const asked: object[] = [];
    const metrics = new Registry();
    let subscriber: Subscriber | undefined;
    let setClock: () => void = () => undefined;
    const context: RecurrenceContext = {
      clock: { ...systemClock, onSet: (listener) => void (setClock = listener) },
      log: pino({ level: 'silent' }),
      metrics,
      dapr: {
        command: (userId, taskId, envelope) => {
          commanded.push({ userId, taskId, envelope });
          return answer(envelope.command.op === 'recur' ? envelope.command.occurrence : 0);
        },
        invoke: (_role, _method, body) => {
          asked.push(body);
          const { after, limit } = body as { after: SeriesStep | null; limit: number };
          const from = after === null ? 0 : waiting.findIndex((step) => step.occurrence === after.occurrence) + 1;
          return Promise.resolve(waiting.slice(from, from + limit));
        },
      },
      appDoor: { subscribe: (_role, _topic, given) => void (subscriber = given) },
    };
    const role = startRecurrence(context);
    stops.push(() => role.stop());
    if (!subscriber) throw new Error('it follows nothing');
    const { receive, catchUp } = subscriber;
    const outcomes = async () => (await metrics.getSingleMetric('todo_recurrence_steps_total')?.get())?.values ?? [];
    return { commanded, waiting, asked, receive, catchUp, setClock, outcomes };
  }
  const recurred = (): Promise<CommandResult> => Promise.resolve({ task: done, version: 1, seq: 3, replayed: false });

  it("sends each step to the next occurrence's actor", async () => {
    const { receive, commanded } = start(recurred);
    await receive([completed]);
    expect(commanded).to.deep.equal([
      {
        userId: 'alice',
        taskId: occurrenceId(series, 4),
        envelope: {
          command: {
            op: 'recur',
            series_id: series,
            occurrence: 3,
            task_id: open.id,
            version: 2,
            at: '2026-11-24T10:00:00.000Z',
          },
          actor: 'recurrence',
          idempotency: null,
        },
      },
    ]);
  });

  it('goes by completions, skips, deletions and what undoes them, and by nothing else', async () => {
    const { receive, commanded } = start(recurred);
    const deleted = { ...completed, type: 'TASK_DELETED', after: null } as const;
    const none: CommittedEvent[] = [
      event('TASK_REOPENED', done, open),
      { ...deleted, before: done },
      event('TASK_COMPLETED', taskAt('alice', 1), taskAt('alice', 2)),
      { ...completed, type: 'TASK_CREATED', before: null, after: open },
      { ...completed, type: 'TASK_UPDATED' },
    ];
    await receive(none);
    expect(commanded).to.deep.equal([]);
    for (const one of [
      completed,
      event('TASK_SKIPPED', open, done),
      deleted,
      event('TASK_REOPENED', done, open, 'undo'),
    ]) {
      await receive([one]);
      expect(commanded.splice(0), `${one.type} by ${one.actor}`).to.have.length(1);
      await new Promise(setImmediate);
    }
  });

  it('looks for all steps that wait when events may have been lost, and takes them page by page', async () => {
    const { catchUp, waiting, commanded, asked } = start(recurred);
    waiting.push(...Array.from({ length: 1_200 }, (_, index) => stepAt(index + 1)));
    catchUp();
    await until('all are taken', () => commanded.length === 1_200);
    expect(asked).to.have.length(3);
  });

  it('looks for all of them when the clock was set, also for those of a later hour', async () => {
    const { catchUp, setClock, waiting, commanded, asked } = start(recurred);
    // The first look is for all of them in any case.
    catchUp();
    await until('it has looked', () => asked.length === 1);
    waiting.push({ ...stepAt(1), created_at: '2099-11-24T10:00:00.000Z' });
    setClock();
    await until('it is taken', () => commanded.length === 1);
    expect(asked[1]).to.include({ before: '9999-12-31T23:59:59.999Z' });
  });

  it('leaves a step that failed to the next look, and does not ask again for one that was refused for good', async () => {
    const failing = start((number) =>
      Promise.reject(number === 1 ? new TodoError('unavailable', 'down') : new TodoError('invalid', 'never')),
    );
    failing.waiting.push(stepAt(1), stepAt(2));
    failing.catchUp();
    await until('both were tried', () => failing.commanded.length === 2);
    await new Promise(setImmediate);
    failing.catchUp();
    await until('one is tried again', () => failing.commanded.length === 3);
    expect(failing.commanded[2]?.envelope.command).to.include({ occurrence: 1 });
    await new Promise(setImmediate);
    const outcomes = (await failing.outcomes()).map(({ labels, value }) => [labels['outcome'], value]);
    expect(outcomes).to.deep.equal([
      ['failed', 2],
      ['refused', 1],
    ]);
  });
});
