import { prepared } from '../../runtime/postgres/pool.js';
import { isoTime } from './task-json.js';

/**
 * A user's events after a place in that user's order, as the interface shows them. Values: user id, seq, the most rows.
 * `change` is JSON; what only the program needs of a task is left out.
 */
export const readChanges = prepared<{ seq: number; change: string }>(
  'gateway-read-changes',
  `SELECT e.seq, row_to_json(change)::text AS change
   FROM events e CROSS JOIN LATERAL
     (SELECT e.seq, e.type, e.task_id, ${isoTime('e.occurred_at')} AS timestamp,
        e.task - '{floating,origin}'::text[] AS task) AS change
   WHERE e.user_id = $1 AND e.seq > $2
   ORDER BY e.seq LIMIT $3`,
);
