import { expect } from 'chai';
import type { Change } from '../../domain/events/event.js';
import type { Reminder } from '../../domain/task/task.js';
import type { TestUser } from './test-user.js';

/** An entry of `GET /v1/reminders`. */
export interface ReminderEntry {
  readonly reminder_id: string;
  readonly task_id: string;
  readonly occurrence: number | null;
  readonly due_at: string;
  readonly reminder: Reminder;
  readonly status: 'pending' | 'delivered' | 'cancelled' | 'failed';
  readonly channel: string | null;
  readonly delivered_at: string | null;
  readonly late_by_seconds: number | null;
}

/** A reminder of a task in UTC, to the second. @param inMs from now */
export function reminderIn(inMs: number): Reminder {
  return { at: new Date(Math.ceil((Date.now() + inMs) / 1000) * 1000).toISOString().slice(0, 19) };
}

/** All of a user's reminders. @param query `status=pending` */
export async function remindersOf(user: TestUser, query = ''): Promise<readonly ReminderEntry[]> {
  const reply = await user.get(`/v1/reminders?limit=200&${query}`);
  expect(reply.status, reply.text).to.equal(200);
  return (JSON.parse(reply.text) as { reminders: ReminderEntry[] }).reminders;
}

/** What happened to a user's reminders, in order. */
export async function reminderChanges(user: TestUser): Promise<readonly Change[]> {
  return (await user.changes()).filter(({ type }) => type.startsWith('REMINDER_'));
}
