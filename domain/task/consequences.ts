import type { NewFact, TaskEvent } from '../events/event.js';
import { seriesConsequences } from '../recurrence/series.js';
import { reminderFacts } from '../reminders/plan.js';
import type { ActorKind, TaskCommand } from './commands.js';
import type { TaskState } from './task.js';

/** A change of a task that is about to be committed. */
export interface Happening {
  readonly userId: string;
  readonly taskId: string;
  readonly command: TaskCommand;
  readonly actor: ActorKind;
  readonly event: TaskEvent;
  /** The version that the event makes. */
  readonly version: number;
  /** RFC 3339, UTC: when the command came. */
  readonly timestamp: string;
  readonly before: TaskState | null;
  readonly after: TaskState | null;
}

/** A step that a series has still to take (`made`), or that it takes with this commit (`taken`). */
export type SeriesStep = {
  readonly series_id: string;
  /** Of the task that was completed, skipped or deleted: the step leads to the next one. */
  readonly occurrence: number;
} & (
  | { readonly kind: 'made' }
  /** With the version of that task by the event that asked for the step: where another asks by now, nothing is committed. */
  | { readonly kind: 'taken'; readonly version: number }
);

/**
 * What is committed in one statement with a change. The rows of `reminders` follow the facts: REMINDER_SCHEDULED makes one
 * that is pending, REMINDER_CANCELLED cancels one. A fact is left out, and takes no `seq`, when its id is taken; when it
 * schedules a reminder that is pending or was due already; and when it cancels one that is not pending.
 */
export interface Consequences {
  /** About the task itself; they take their places right after the change, in this order. */
  readonly facts: readonly NewFact[];
  readonly step: SeriesStep | null;
}

/** What follows from a change of a task; null when nothing does. Pure. */
export function consequencesOf(happening: Happening): Consequences | null {
  const series = seriesConsequences(happening);
  const reminders = reminderFacts(happening);
  if (series === null && reminders.length === 0) return null;
  return { facts: [...(series?.facts ?? []), ...reminders], step: series?.step ?? null };
}
