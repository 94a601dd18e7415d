import type { Pool } from 'pg';
import { prepared } from '../../../runtime/postgres/pool.js';

/** A place in the order in which pending reminders come. */
export interface PendingPlace {
  /** RFC 3339. */
  readonly due_at: string;
  readonly user_id: string;
}

/** A user with a pending reminder, and when the first of them comes: epoch milliseconds. */
export interface UserWithPending {
  readonly user_id: string;
  readonly due: number;
}

const page = prepared<PendingPlace & { due: number }>(
  'reminders-users-with-pending',
  `SELECT user_id, due_at::text, (extract(epoch FROM due_at) * 1000)::bigint AS due FROM reminders
   WHERE status = 'pending' AND due_at <= $1 AND (due_at, user_id) > ($2::timestamptz, $3)
   ORDER BY due_at, user_id LIMIT $4`,
);

/** Before all of them. */
export const firstPlace: PendingPlace = { due_at: '-infinity', user_id: '' };

/**
 * Finds users with reminders that are pending and come by a time, in the order of these.
 * @param limit how many reminders are looked at
 * @returns each user once, and where to go on; null at the end
 */
export async function usersWithPending(
  pool: Pool,
  by: Date,
  after: PendingPlace,
  limit: number,
): Promise<{ users: UserWithPending[]; next: PendingPlace | null }> {
  const rows = await page(pool, [by.toISOString(), after.due_at, after.user_id, limit]);
  const users = new Map<string, number>();
  for (const { user_id, due } of rows) if (!users.has(user_id)) users.set(user_id, due);
  const last = rows.at(-1);
  return {
    users: [...users].map(([user_id, due]) => ({ user_id, due })),
    next: rows.length === limit && last ? { due_at: last.due_at, user_id: last.user_id } : null,
  };
}
