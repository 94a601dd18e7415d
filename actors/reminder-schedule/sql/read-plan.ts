import type { Pool } from 'pg';
import { mostEntries, type Plan } from '../../../domain/reminders/schedule.js';
import { prepared } from '../../../runtime/postgres/pool.js';

const pending = prepared<{ reminder_id: string; due: number }>(
  'reminders-read-plan',
  `SELECT reminder_id, (extract(epoch FROM due_at) * 1000)::bigint AS due FROM reminders
   WHERE user_id = $1 AND status = 'pending' ORDER BY due_at, reminder_id LIMIT $2`,
);

/** Reads what comes next of a user's reminders, and what should have come already, from the index. */
export async function readPlan(pool: Pool, userId: string): Promise<Plan> {
  const rows = await pending(pool, [userId, mostEntries + 1]);
  return { entries: rows.slice(0, mostEntries), has_more: rows.length > mostEntries };
}
