import type { Pool } from 'pg';
import type { TaskState } from '../../../domain/task/task.js';
import type { Queryable } from '../../../runtime/postgres/pool.js';

/** The task as a command left it. */
export interface Answer {
  readonly task: TaskState | null;
  readonly version: number;
}

/** The answer that was given under an idempotency key, and what it was given to. */
export async function findAnswer(
  pool: Pool,
  userId: string,
  key: string,
): Promise<(Answer & { readonly request_hash: string }) | null> {
  const { rows } = await pool.query<Answer & { request_hash: string }>({
    name: 'find-answer',
    text: `
      SELECT k.request_hash, k.version, e.task
      FROM idempotency_keys k JOIN events e USING (user_id, task_id, version)
      WHERE k.user_id = $1 AND k.key = $2 AND e.detail IS NULL`,
    values: [userId, key],
  });
  return rows[0] ?? null;
}

/** What the command with this id has already committed, if it has. */
export async function findCommitted(
  pool: Pool,
  userId: string,
  taskId: string,
  commandId: string,
): Promise<(Answer & { readonly seq: number }) | null> {
  const { rows } = await pool.query<Answer & { seq: number }>({
    name: 'find-committed',
    text: `
      SELECT version, task, seq FROM events
      WHERE user_id = $1 AND task_id = $2 AND event_id = $3 AND detail IS NULL`,
    values: [userId, taskId, commandId],
  });
  return rows[0] ?? null;
}

/**
 * Keeps the answer to a named command that changed nothing.
 * @returns false when the key is taken
 */
export async function keepAnswer(
  on: Queryable,
  userId: string,
  idempotency: { readonly key: string; readonly request_hash: string },
  taskId: string,
  version: number,
  now: string,
): Promise<boolean> {
  const { rowCount } = await on.query({
    name: 'keep-answer',
    text: `
      INSERT INTO idempotency_keys (user_id, key, request_hash, task_id, version, created_at)
      VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    values: [userId, idempotency.key, idempotency.request_hash, taskId, version, now],
  });
  return rowCount === 1;
}

/** Forgets the answers older than the promised day, with a day to spare. */
export async function forgetOldAnswers(pool: Pool, now: Date): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM idempotency_keys WHERE created_at < $1::timestamptz - interval '48 hours'`,
    [now],
  );
  return rowCount ?? 0;
}
