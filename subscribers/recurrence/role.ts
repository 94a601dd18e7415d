import { Counter, Gauge } from 'prom-client';
import { errorTable, TodoError } from '../../domain/errors.js';
import type { SeriesStep } from '../../domain/recurrence/series-step.js';
import { occurrenceId } from '../../domain/recurrence/series.js';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import type { RoleContext, StartedRole } from '../../runtime/role.js';
import { stepOf, stepsAnswer } from './step.js';
import { StepQueue } from './step-queue.js';

/** What this role takes of what every role is given. */
export type RecurrenceContext = Pick<RoleContext, 'clock' | 'log' | 'metrics'> & {
  readonly dapr: Pick<RoleContext['dapr'], 'command' | 'invoke'>;
  readonly appDoor: Pick<RoleContext['appDoor'], 'subscribe'>;
};

const sweepEveryMs = 5_000;
/** Of a step that is younger, the event is still on its way. */
const overdueMs = 3_000;
const pageSize = 500;
/** After every step, those among them that were asked for by a clock that was set back since. */
const allOfThem = '9999-12-31T23:59:59.999Z';
/** Steps that were refused for good are remembered up to this number. */
const mostRefused = 10_000;

/**
 * Makes the next occurrence of what recurs, through its Task actor. Each step that is still to be taken stands in the
 * database, by the very commit that asks for it: an event only tells of it sooner than the sweep would find it. See
 * docs/decisions/0017-series.md.
 */
export function startRecurrence({ clock, dapr, appDoor, log, metrics }: RecurrenceContext): StartedRole {
  const stepsTotal = new Counter({
    name: 'todo_recurrence_steps_total',
    help: 'Steps of series, by what came of them; none: nothing was to be done any more, or the series ended.',
    labelNames: ['outcome'],
    registers: [metrics],
  });
  const lag = new Gauge({
    name: 'todo_recurrence_lag_seconds',
    help: 'From the end of an occurrence to the next one, of the newest that was made.',
    registers: [metrics],
  });
  const refused = new Set<string>();
  let lastFault: unknown;

  const queue = new StepQueue({
    atOnce: 32,
    atOnceOfUser: 4,
    mostWaiting: 20_000,
    async take({ user_id, created_at, ...step }: SeriesStep) {
      try {
        const { task, seq } = await dapr.command(user_id, occurrenceId(step.series_id, step.occurrence + 1), {
          command: { op: 'recur', ...step, at: created_at },
          actor: 'recurrence',
          idempotency: null,
        });
        stepsTotal.inc({ outcome: seq === null ? 'none' : task ? 'recurred' : 'withdrawn' });
        if (task && seq !== null) lag.set((clock.now().getTime() - Date.parse(created_at)) / 1000);
        lastFault = undefined;
      } catch (error) {
        const isFinal = error instanceof TodoError && errorTable[error.code].retry === 'drop';
        stepsTotal.inc({ outcome: isFinal ? 'refused' : 'failed' });
        if (isFinal) {
          // The same again would be refused again. The step stays, for whoever looks into it and for the next start.
          log.error({ err: error, ...step }, 'a step of a series was refused');
          if (refused.size < mostRefused) refused.add(nameOf(step));
        } else {
          const code = error instanceof TodoError ? error.code : error;
          if (code !== lastFault) log.warn({ err: error, ...step }, 'a step of a series failed and is tried again');
          lastFault = code;
        }
      }
    },
  });
  new Gauge({
    name: 'todo_recurrence_waiting_steps',
    help: 'Steps of series that are known to this process and not taken yet.',
    registers: [metrics],
    collect() {
      this.set(queue.size);
    },
  });

  let isAllWanted = true;
  const sweep = new RepeatedTask('looking for steps that series have still to take', log, async () => {
    const before = isAllWanted ? allOfThem : new Date(clock.now().getTime() - overdueMs).toISOString();
    isAllWanted = false;
    for (let after: SeriesStep | null = null; ;) {
      const steps: SeriesStep[] = stepsAnswer(
        await dapr.invoke('actors', 'series-steps', { before, after, limit: pageSize }),
      );
      for (const step of steps) {
        // What has no place is found by a later sweep.
        if (!refused.has(nameOf(step)) && !queue.add(step)) return;
      }
      const last = steps.at(-1);
      if (!last || steps.length < pageSize) return;
      after = last;
    }
  });
  const timer = setInterval(() => {
    sweep.request();
  }, sweepEveryMs);

  const lookForAll = (): void => {
    isAllWanted = true;
    sweep.request();
  };
  clock.onSet(lookForAll);
  appDoor.subscribe('recurrence', 'task-events', {
    // The effect that must be durable is the step, and it is.
    receive(events) {
      for (const event of events) {
        const step = stepOf(event);
        if (step) queue.add(step);
      }
      return Promise.resolve();
    },
    catchUp: lookForAll,
  });

  return {
    async stop() {
      clearInterval(timer);
      await sweep.stop();
      await queue.stop();
    },
  };
}

function nameOf({ series_id, occurrence, version }: Pick<SeriesStep, 'series_id' | 'occurrence' | 'version'>): string {
  return `${series_id} ${occurrence} ${version}`;
}
