import { prepared } from '../../../runtime/postgres/pool.js';

interface UserRow {
  readonly user_id: string;
  readonly time_zone: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Value: user ids. */
export const readUsers = prepared<UserRow>(
  'notification-read-users',
  `SELECT user_id, time_zone, settings FROM users WHERE user_id = ANY ($1)`,
);

/** Turns a channel off. Values: user id, the channel. */
export const turnOff = prepared(
  'notification-turn-off',
  `UPDATE users SET settings = jsonb_set(settings, ARRAY['notifications', 'channels', $2, 'enabled'], 'false')
   WHERE user_id = $1 AND settings #> ARRAY['notifications', 'channels', $2] IS NOT NULL`,
);

/** Takes a browser off the list. Values: user id, its endpoint. */
export const dropSubscription = prepared(
  'notification-drop-subscription',
  `UPDATE users SET settings = jsonb_set(settings, '{notifications,channels,web_push,subscriptions}',
     (SELECT coalesce(jsonb_agg(one ORDER BY place), '[]')
      FROM jsonb_array_elements(settings #> '{notifications,channels,web_push,subscriptions}')
        WITH ORDINALITY AS list (one, place)
      WHERE one ->> 'endpoint' <> $2))
   WHERE user_id = $1 AND jsonb_typeof(settings #> '{notifications,channels,web_push,subscriptions}') = 'array'`,
);
