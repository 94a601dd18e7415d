import type { Task } from '../../domain/task/task.js';
import type { Seeded } from './seeded.js';

/** What a client knows of a task. */
export interface KnownTask {
  /** The last one that was acknowledged. */
  readonly version: number;
  readonly recurs: boolean;
  /** When it is due, in epoch milliseconds, where it has reminders that come within a run; else null. */
  readonly remindsAt: number | null;
}

/** What an answer tells of a task. */
export function known(task: Task): KnownTask {
  const reminds = task.time_zone === 'UTC' && task.reminders.length > 0 && task.due_date !== null;
  return {
    version: task.version,
    recurs: task.recurrence !== null,
    remindsAt: reminds ? Date.parse(`${task.due_date}Z`) : null,
  };
}

/** A wall time in UTC, to the second. */
const local = (at: number): string => new Date(at).toISOString().slice(0, 19);
const dayMs = 24 * 3_600_000;
const late = { rule: 'FREQ=DAILY;COUNT=6', basis: 'due_date' } as const;

/** In the far future, where nothing depends on when it is done. */
const farFrom = [
  { recurrence: 'daily', due_date: '2030-05-17T09:30' },
  { recurrence: 'weekly', due_date: '2030-05-17' },
  { recurrence: 'monthly', due_date: '2030-01-31' },
  { recurrence: 'yearly', due_date: '2032-02-29T23:15' },
  { recurrence: { rule: 'FREQ=WEEKLY;COUNT=2', catch_up: 'all' }, due_date: '2030-05-17T09:30' },
  { recurrence: { rule: 'FREQ=DAILY;INTERVAL=2;COUNT=4' }, due_date: '2030-03-29T03:30' },
] as const;

/** A task that recurs: in the far future, in the past, or so soon that its reminders come within a run. */
export function recurringTask(random: Seeded, withinMs: number): object {
  const now = Date.now();
  if (random.chance(0.4)) return { ...random.pick(farFrom), time_zone: 'Europe/Berlin' };
  if (random.chance(0.5)) {
    const recurrence = random.pick([
      { ...late, catch_up: 'next' },
      { ...late, catch_up: 'all' },
      { rule: 'FREQ=DAILY;INTERVAL=2', basis: 'completion' },
    ]);
    return { recurrence, due_date: local(now - 3 * dayMs), time_zone: 'UTC' };
  }
  const catch_up = random.pick(['next', 'all'] as const);
  const rule = random.pick(['FREQ=SECONDLY;INTERVAL=15', 'FREQ=SECONDLY;INTERVAL=10;COUNT=4']);
  return { recurrence: { rule, catch_up }, ...remindingTask(random, withinMs) };
}

/** A task with reminders that come within a time from now on, in milliseconds: some before its due date, some at a moment. */
export function remindingTask(random: Seeded, withinMs: number): object {
  const due = soon(random, withinMs);
  const reminders = random.pick([
    [{ before: 'PT0S' }],
    [{ before: 'PT2S' }, { before: 'PT0S' }],
    [{ before: 'PT1S' }, { at: local(due + 1_000) }],
    [{ at: local(due) }, { before: 'PT0S' }],
    [{ at: local(soon(random, withinMs)) }],
  ]);
  return { due_date: local(due), time_zone: 'UTC', reminders };
}

/** What moves its reminders: to another moment within the time, or away. */
export function movedReminders(random: Seeded, withinMs: number): object {
  if (random.chance(0.2)) return { reminders: [] };
  const at = local(soon(random, withinMs));
  return random.chance(0.6) ? { due_date: at } : { reminders: [{ before: 'PT0S' }, { at }] };
}

const soon = (random: Seeded, withinMs: number): number => Date.now() + random.between(500, withinMs);

/** One whose reminder comes just about now, when there is one. */
export function comingNow(tasks: ReadonlyMap<string, KnownTask>): [string, KnownTask] | undefined {
  const now = Date.now();
  return [...tasks].findLast(([, { remindsAt }]) => remindsAt !== null && Math.abs(remindsAt - now) < 1_000);
}
