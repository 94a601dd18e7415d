import type { Pool } from 'pg';
import type { TaskState } from '../../../domain/task/task.js';

/** A task as its last event left it; `version` 0 and no task before the first. */
export interface Snapshot {
  readonly version: number;
  readonly task: TaskState | null;
}

/** SQL of a TaskState out of an event's `task`: those from before there were anchors hold none. */
export const stateOf = (column: string): string => `'{"anchor": null}'::jsonb || ${column}`;

/** Reads the task's last event. A deleted task keeps its version, so that the fence goes on. */
export async function readTask(pool: Pool, userId: string, taskId: string): Promise<Snapshot> {
  const { rows } = await pool.query<Snapshot>({
    name: 'read-task',
    text: `
      SELECT version, ${stateOf('task')} AS task FROM events
      WHERE user_id = $1 AND task_id = $2 AND detail IS NULL ORDER BY version DESC LIMIT 1`,
    values: [userId, taskId],
  });
  return rows[0] ?? { version: 0, task: null };
}

/** The user's own zone; `UTC` for a user who has no row yet. */
export async function readUserZone(pool: Pool, userId: string): Promise<string> {
  const { rows } = await pool.query<{ time_zone: string }>({
    name: 'read-user-zone',
    text: `SELECT time_zone FROM users WHERE user_id = $1`,
    values: [userId],
  });
  return rows[0]?.time_zone ?? 'UTC';
}
