import { prepared } from '../../runtime/postgres/pool.js';

interface SettingsRow {
  readonly time_zone: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Value: user id. Gives no row for a user who has neither tasks nor settings yet. */
export const readSettings = prepared<SettingsRow>(
  'gateway-read-settings',
  `SELECT time_zone, settings FROM users WHERE user_id = $1`,
);

/** Makes the user's row where it is missing. Value: user id. */
export const ensureUser = prepared(
  'gateway-ensure-user',
  `INSERT INTO users (user_id) VALUES ($1) ON CONFLICT DO NOTHING`,
);

/** The same as {@link readSettings}, holding the row until the transaction ends. Value: user id. */
export const lockSettings = prepared<SettingsRow>(
  'gateway-lock-settings',
  `SELECT time_zone, settings FROM users WHERE user_id = $1 FOR UPDATE`,
);

/** Values: user id, zone, the other settings as JSON. A new zone is noted, for the tasks that go by the old one. */
export const writeSettings = prepared(
  'gateway-write-settings',
  `UPDATE users SET time_zone = $2, settings = $3,
     rezone_since = CASE WHEN time_zone = $2 THEN rezone_since ELSE clock_timestamp() END
   WHERE user_id = $1`,
);
