import { isDeepStrictEqual } from 'node:util';
import { derivedId } from '../events/derived-id.js';
import type { DetailOf, NewFact } from '../events/event.js';
import type { Happening } from '../task/consequences.js';
import type { Reminder, TaskState } from '../task/task.js';
import { reminderInstant } from './instant.js';

/** What a plan turns on. */
type PlannedFor = Pick<Happening, 'command' | 'version' | 'timestamp' | 'before' | 'after'>;
/** A reminder with its instant, as the facts about it tell. */
type PlannedReminder = DetailOf<'REMINDER_SCHEDULED'>;

/**
 * The reminders that a change of a task schedules and cancels: first those that no longer hold, then the new ones, each in
 * the order of their instants. A reminder whose instant lies before the change is not scheduled; one that has come already
 * is not cancelled, which the commit knows and not this function. At most twice as many facts as a task has reminders. Pure.
 */
export function reminderFacts(happening: PlannedFor): readonly NewFact[] {
  const { before, after, version } = happening;
  if (before && after && plansAlike(before, after)) return [];
  const held = remindersOf(before);
  const wanted = remindersOf(after);
  const earliest = Date.parse(notBefore(happening));
  return [
    ...held
      .filter(({ reminder_id }) => !includes(wanted, reminder_id))
      .map((detail) => fact('REMINDER_CANCELLED', detail, 'cancelled', version)),
    ...wanted
      .filter(({ reminder_id, due_at }) => !includes(held, reminder_id) && Date.parse(due_at) >= earliest)
      .map((detail) => fact('REMINDER_SCHEDULED', detail, 'scheduled', version)),
  ];
}

/**
 * The reminders of a task, in the order of their instants; none of a task that is done or deleted. What a reminder is and
 * when it comes make its id: moved elsewhere it is another one, and the same one twice is one.
 */
export function remindersOf(task: TaskState | null): readonly PlannedReminder[] {
  if (task?.status !== 'open') return [];
  const planned = new Map<string, PlannedReminder>();
  for (const reminder of task.reminders) {
    const instant = reminderInstant(reminder, task);
    if (instant === null) continue;
    const due_at = new Date(instant).toISOString();
    const reminder_id = derivedId(task.id, task.occurrence ?? 0, textOf(reminder), due_at);
    planned.set(reminder_id, { reminder_id, occurrence: task.occurrence, due_at, reminder });
  }
  return [...planned.values()].sort((a, b) => (a.due_at < b.due_at ? -1 : a.due_at > b.due_at ? 1 : 0));
}

const textOf = (reminder: Reminder): string => ('at' in reminder ? `at ${reminder.at}` : `before ${reminder.before}`);

/** True when nothing changed that a reminder hangs on. */
function plansAlike(a: TaskState, b: TaskState): boolean {
  return (
    a.status === b.status &&
    a.due_date === b.due_date &&
    a.time_zone === b.time_zone &&
    a.occurrence === b.occurrence &&
    isDeepStrictEqual(a.reminders, b.reminders)
  );
}

/** RFC 3339: what would have come before then does not come any more. */
function notBefore({ command, timestamp }: PlannedFor): string {
  return command.op === 'recur' ? command.at : timestamp;
}

const includes = (reminders: readonly PlannedReminder[], id: string): boolean =>
  reminders.some(({ reminder_id }) => reminder_id === id);

function fact(
  type: 'REMINDER_SCHEDULED' | 'REMINDER_CANCELLED',
  detail: PlannedReminder,
  what: string,
  version: number,
): NewFact {
  return { type, event_id: derivedId(detail.reminder_id, what, version), detail };
}
