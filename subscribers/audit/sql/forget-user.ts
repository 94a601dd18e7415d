import { prepared, type Queryable } from '../../../runtime/postgres/pool.js';

/**
 * Holds the user's row until the transaction ends, so that nothing more is committed for the user, and tells how far the
 * events, the log and the relay have come. Value: user id.
 */
export const lockUser = prepared<{ seq: number; logged: number; published: number }>(
  'forget-lock-user',
  `SELECT u.seq,
     coalesce((SELECT max(seq) FROM audit_entries a WHERE a.user_id = $1), 0) AS logged,
     coalesce((SELECT published_seq FROM relay_positions p WHERE p.user_id = $1), 0) AS published
   FROM users u WHERE user_id = $1 FOR UPDATE`,
);

/** What is deleted, in this order. Each takes the user id, and the seq up to which the user is forgotten where it says $2. */
const statements = {
  forgettings: `
    INSERT INTO audit_forgotten (user_id, seq, forgotten_at) VALUES ($1, $2, now()) ON CONFLICT DO NOTHING`,
  keys: `
    DELETE FROM audit_keys WHERE user_id = $1`,
  'entries blanked': `
    UPDATE audit_entries SET before = NULL, after = NULL
    WHERE user_id = $1 AND sealed IS NULL AND (before IS NOT NULL OR after IS NOT NULL)`,
  tasks: `
    DELETE FROM tasks WHERE user_id = $1`,
  'idempotency keys': `
    DELETE FROM idempotency_keys WHERE user_id = $1`,
  'steps of series': `
    DELETE FROM series_steps WHERE user_id = $1`,
  deliveries: `
    DELETE FROM reminder_deliveries WHERE user_id = $1`,
  reminders: `
    DELETE FROM reminders WHERE user_id = $1`,
  events: `
    DELETE FROM events e
    WHERE user_id = $1
      AND (detail IS NOT NULL OR EXISTS (
        SELECT FROM events n
        WHERE n.user_id = $1 AND n.task_id = e.task_id AND n.version > e.version AND n.detail IS NULL))`,
  // What stays of a task is the fence: an actor that still remembers it builds on the version before, finds that taken,
  // reads again, and finds the task deleted.
  tombstones: `
    UPDATE events SET version = version + 1, type = 'TASK_DELETED', task = NULL
    WHERE user_id = $1 AND task IS NOT NULL`,
  settings: `
    UPDATE users SET time_zone = 'UTC', settings = '{}', rezone_since = NULL WHERE user_id = $1`,
} as const;

/** How many rows of each kind there were. */
export type Forgotten = Readonly<Record<keyof typeof statements, number>>;

/** Deletes what is known of a user but the numbers, within a transaction of the caller's that holds the user's row. */
export async function forgetRows(on: Queryable, userId: string, seq: number): Promise<Forgotten> {
  const counts: Partial<Record<keyof typeof statements, number>> = {};
  for (const name of Object.keys(statements) as (keyof typeof statements)[]) {
    const text = statements[name];
    const { rowCount } = await on.query(text, text.includes('$2') ? [userId, seq] : [userId]);
    counts[name] = rowCount ?? 0;
  }
  return counts as Forgotten;
}
