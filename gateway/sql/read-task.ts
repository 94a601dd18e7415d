import { prepared } from '../../runtime/postgres/pool.js';
import { taskOfRow } from './task-json.js';

/** Values: user id, task id. Gives one row or none; `task` is JSON. */
export const readTask = prepared<{ version: number; task: string }>(
  'gateway-read-task',
  `SELECT t.version, row_to_json(task)::text AS task
   FROM tasks t CROSS JOIN LATERAL ${taskOfRow}
   WHERE t.user_id = $1 AND t.id = $2`,
);
