import { prepared } from '../../runtime/postgres/pool.js';

/** A user whose own zone was changed. */
export interface ZoneChange {
  readonly user_id: string;
  readonly time_zone: string;
  /** When it was changed, as PostgreSQL writes it. */
  readonly since: string;
}

/** Users some of whose tasks may still go by an earlier zone, longest ago first. Values: since and user id to go on after. */
export const usersToRezone = prepared<ZoneChange>(
  'rezone-users',
  `SELECT user_id, time_zone, rezone_since::text AS since FROM users
   WHERE rezone_since IS NOT NULL AND (rezone_since, user_id) > ($1::timestamptz, $2)
   ORDER BY rezone_since, user_id LIMIT $3`,
);

/**
 * A user's open tasks that go by the user's own zone and know another one. Values: user id, the zone, and created_at and
 * id of the task to go on after.
 */
export const tasksToRezone = prepared<{ id: string; created_at: string }>(
  'rezone-tasks',
  `SELECT id, created_at::text FROM tasks
   WHERE user_id = $1 AND status = 'open' AND (created_at, id) > ($3::timestamptz, $4::uuid)
     AND floating AND time_zone <> $2
   ORDER BY created_at, id LIMIT $5`,
);

/** Takes note that all of a user's tasks know the zone. Values: user id, since. It does nothing if it changed again. */
export const rezoned = prepared(
  'rezone-done',
  `UPDATE users SET rezone_since = NULL WHERE user_id = $1 AND rezone_since = $2::timestamptz`,
);

/** Notes a zone that is new to a task which is open again. Values: user id, task id. Gives a row when there is one. */
export const noteReopened = prepared<{ user_id: string }>(
  'rezone-reopened',
  `UPDATE users u SET rezone_since = clock_timestamp() FROM tasks t
   WHERE u.user_id = $1 AND t.user_id = $1 AND t.id = $2 AND t.floating AND t.time_zone <> u.time_zone
   RETURNING u.user_id`,
);
