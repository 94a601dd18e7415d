import type { Queryable } from '../../../runtime/postgres/pool.js';

/** A reminder that came due and of which no delivery was made. */
export interface LostReminder {
  readonly user_id: string;
  readonly reminder_id: string;
  readonly task_id: string;
  readonly occurrence: number | null;
  readonly due_at: Date;
  readonly fired_at: Date;
}

/** A place in the order of the moments at which reminders came due. */
export interface SweepPlace {
  readonly fired_at: Date;
  readonly user_id: string;
  readonly reminder_id: string;
}

/** Up to where all that came due was found to have its deliveries. */
export async function readSweptTo(on: Queryable): Promise<Date> {
  const { rows } = await on.query<{ swept_to: Date }>({
    name: 'read-swept-to',
    text: 'SELECT swept_to FROM notification_sweep',
  });
  return rows[0]?.swept_to ?? new Date(0);
}

export async function writeSweptTo(on: Queryable, sweptTo: Date): Promise<void> {
  await on.query({
    name: 'write-swept-to',
    text: 'UPDATE notification_sweep SET swept_to = $1',
    values: [sweptTo],
  });
}

/** The next of them after a place, in the order of the index on `fired_at`. */
export async function readLostReminders(
  on: Queryable,
  { fired_at, user_id, reminder_id }: SweepPlace,
  until: Date,
  limit: number,
): Promise<LostReminder[]> {
  const { rows } = await on.query<LostReminder>({
    name: 'read-lost-reminders',
    text: `
      SELECT r.user_id, r.reminder_id, r.task_id, r.occurrence, r.due_at, r.fired_at
      FROM reminders r
      WHERE r.status = 'due' AND r.fired_at >= $1 AND r.fired_at <= $4
        AND (r.fired_at, r.user_id, r.reminder_id) > ($1, $2, $3::uuid)
        AND NOT EXISTS (
          SELECT FROM reminder_deliveries d WHERE d.user_id = r.user_id AND d.reminder_id = r.reminder_id
        )
      ORDER BY r.fired_at, r.user_id, r.reminder_id LIMIT $5`,
    values: [fired_at, user_id, reminder_id, until, limit],
  });
  return rows;
}
