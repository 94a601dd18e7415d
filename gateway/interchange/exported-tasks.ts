import type { Pool } from 'pg';
import type { ExportedTask } from '../../domain/interchange/exported-task.js';
import type { Task } from '../../domain/task/task.js';
import { readExportAfter, readExportFrom } from '../sql/read-export-page.js';

const pageSize = 500;
const firstId = '00000000-0000-0000-0000-000000000000';

/** All tasks of a user, a page at a time, each read only when the one before has been taken. */
export async function* exportedTasks(pool: Pool, userId: string): AsyncGenerator<ExportedTask> {
  let rows = await readExportFrom(pool, [userId, firstId, pageSize]);
  for (;;) {
    for (const { task, floating, source_id } of rows) {
      // Written by our own statement.
      yield { ...(JSON.parse(task) as Task), floating, source_id };
    }
    const last = rows.at(-1);
    if (!last || rows.length < pageSize) return;
    rows = await readExportAfter(pool, [userId, last.id, pageSize]);
  }
}
