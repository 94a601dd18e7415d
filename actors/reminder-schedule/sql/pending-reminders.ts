import type { Pool } from 'pg';
import { prepared } from '../../../runtime/postgres/pool.js';

/** A place in the order in which pending reminders come. */
export interface PendingPlace {
  /** RFC 3339, or as PostgreSQL writes it. */
  readonly due_at: string;
  readonly user_id: string;
  readonly reminder_id: string;
}

/** A pending reminder of any user; `due` in epoch milliseconds. */
export interface PendingReminder extends PendingPlace {
  readonly due: number;
}

const page = prepared<PendingReminder>(
  'reminders-pending',
  `SELECT user_id, reminder_id, due_at::text, (extract(epoch FROM due_at) * 1000)::bigint AS due FROM reminders
   WHERE status = 'pending' AND due_at <= $1 AND due_at >= $2::timestamptz
     AND (due_at, user_id, reminder_id) > ($2::timestamptz, $3, $4::uuid)
   ORDER BY due_at, user_id, reminder_id LIMIT $5`,
);

/** Before all that comes after a time. */
export const placeAt = (due_at: string): PendingPlace => ({
  due_at,
  user_id: '',
  reminder_id: '00000000-0000-0000-0000-000000000000',
});

/** Reads pending reminders of all users that come by a time, in their order. */
export function pendingReminders(
  pool: Pool,
  by: Date,
  { due_at, user_id, reminder_id }: PendingPlace,
  limit: number,
): Promise<PendingReminder[]> {
  return page(pool, [by.toISOString(), due_at, user_id, reminder_id, limit]);
}
