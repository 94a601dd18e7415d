import type { NewFact } from '../events/event.js';
import type { Happening } from '../task/consequences.js';

/** The reminders that a change of a task schedules and cancels (REMINDER_SCHEDULED, REMINDER_CANCELLED). Pure. */
export function reminderFacts(_happening: Happening): readonly NewFact[] {
  return [];
}
