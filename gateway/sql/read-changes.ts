import { prepared } from '../../runtime/postgres/pool.js';
import { isoTime } from '../../runtime/postgres/iso-time.js';

/**
 * A user's events after a place in that user's order, as the interface shows them. Values: user id, seq, the most rows.
 * `change` is JSON; what only the program needs of a task is left out.
 */
export const readChanges = prepared<{ seq: number; change: string }>(
  'gateway-read-changes',
  `SELECT e.seq,
     CASE WHEN e.detail IS NULL THEN row_to_json(change) ELSE row_to_json(fact) END::text AS change
   FROM events e
   CROSS JOIN LATERAL
     (SELECT e.seq, e.type, e.task_id, ${isoTime('e.occurred_at')} AS timestamp,
        CASE WHEN e.detail IS NULL THEN e.task ELSE
          (SELECT c.task FROM events c
           WHERE c.user_id = e.user_id AND c.task_id = e.task_id AND c.version = e.version AND c.detail IS NULL)
        END - '{floating,origin,anchor}'::text[] AS task) AS change
   CROSS JOIN LATERAL (SELECT change.*, e.detail) AS fact
   WHERE e.user_id = $1 AND e.seq > $2
   ORDER BY e.seq LIMIT $3`,
);
