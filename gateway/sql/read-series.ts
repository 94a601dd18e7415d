import type { Anchor } from '../../domain/task/task.js';
import { prepared } from '../../runtime/postgres/pool.js';
import { taskOfRow } from './task-json.js';

/** Values: user id, task id. Gives one row or none: `task` is JSON, with what its slots are counted from. */
export const readSeries = prepared<{ task: string; anchor: Anchor | null; floating: boolean; user_zone: string }>(
  'gateway-read-series',
  `SELECT row_to_json(task)::text AS task, t.series_anchor AS anchor, t.floating, u.time_zone AS user_zone
   FROM tasks t JOIN users u USING (user_id) CROSS JOIN LATERAL ${taskOfRow}
   WHERE t.user_id = $1 AND t.id = $2`,
);
