import { toInstant } from '../dates/local-date.js';

/**
 * The instant a task is due, by which lists are filtered and sorted; null without a due date.
 * A date without time is due at its first moment in the task's zone.
 */
export function dueAt(task: { due_date: string | null; time_zone: string }): Date | null {
  return task.due_date === null ? null : new Date(toInstant(task.due_date, task.time_zone));
}
