import { Temporal } from 'temporal-polyfill';
import { isDateOnly, toInstant } from '../dates/local-date.js';
import type { Reminder, Task } from '../task/task.js';

/** The last instant that an RFC 3339 timestamp in UTC can say. */
const last = Date.parse('9999-12-31T23:59:59Z');

/**
 * When a reminder comes. Before a due date, days and weeks are those of the calendar, hours and less are exact over a
 * clock change (RFC 5545 section 3.3.6); a due date without a time is due at its first moment.
 * @returns epoch milliseconds, or null when it never comes: the task has no due date, or none that a clock can show
 */
export function reminderInstant(reminder: Reminder, task: Pick<Task, 'due_date' | 'time_zone'>): number | null {
  const instant = 'at' in reminder ? toInstant(reminder.at, task.time_zone) : instantBefore(reminder.before, task);
  return instant !== null && instant >= 0 && instant <= last ? instant : null;
}

function instantBefore(duration: string, { due_date, time_zone }: Pick<Task, 'due_date' | 'time_zone'>): number | null {
  if (due_date === null) return null;
  const due = isDateOnly(due_date)
    ? Temporal.PlainDate.from(due_date).toZonedDateTime({ timeZone: time_zone })
    : Temporal.PlainDateTime.from(due_date).toZonedDateTime(time_zone, { disambiguation: 'compatible' });
  return due.subtract(duration).epochMilliseconds;
}
