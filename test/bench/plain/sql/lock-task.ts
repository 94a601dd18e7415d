import { priorities, type TaskState } from '../../../../domain/task/task.js';
import { prepared, type Queryable } from '../../../../runtime/postgres/pool.js';

type Stored = 'priority' | 'created_at' | 'updated_at' | 'completed_at';

interface Row extends Omit<TaskState, Stored> {
  readonly priority: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly completed_at: Date | null;
}

const lockRow = prepared<Row>(
  'plain-lock-task',
  `SELECT id, user_id, title, description, status, priority, tags, due_date, time_zone, floating, recurrence, series_id,
     occurrence, occurrence_date, reminders, origin, series_anchor AS anchor, version, created_at, updated_at, completed_at
   FROM tasks WHERE user_id = $1 AND id = $2 FOR UPDATE`,
);

/** Locks a task's row until the transaction ends and reads it; null when there is no such task. */
export async function lockTask(on: Queryable, userId: string, taskId: string): Promise<TaskState | null> {
  const [row] = await lockRow(on, [userId, taskId]);
  if (!row) return null;
  return {
    ...row,
    priority: priorities[row.priority] ?? 'none',
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    completed_at: row.completed_at?.toISOString() ?? null,
  };
}
