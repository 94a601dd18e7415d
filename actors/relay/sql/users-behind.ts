import type { Pool } from 'pg';
import type { HeldLanes } from '../lanes.js';

/** A user whose events are committed and not all published yet. */
export interface UserBehindRow {
  readonly user_id: string;
  /** Of the last committed event. */
  readonly seq: number;
  readonly published_seq: number;
  /** When the first event that is not published was committed, in milliseconds since 1970. */
  readonly since: number;
}

/** What a look at some users found. */
export interface UsersLookedAt {
  readonly behind: readonly UserBehindRow[];
  /** How many were looked at. */
  readonly users: number;
  /** Where to look on: the last of them in the order of their ids; null when there are none after that one. */
  readonly next_user_id: string | null;
}

/**
 * Looks at the users after the given one, in the order of their ids, and finds those who are behind. What it costs goes by
 * the number of users looked at, however many events there are: each user has one row that says what is committed and one
 * that says what is published.
 * @param limit how many users to look at
 */
export async function findUsersBehind(
  pool: Pool,
  afterUserId: string,
  limit: number,
  lanes: HeldLanes,
): Promise<UsersLookedAt> {
  const { rows } = await pool.query<UsersLookedAt>(queryOfUsersBehind(afterUserId, limit, lanes));
  return rows[0] ?? { behind: [], users: 0, next_user_id: null };
}

// The hash is that of `laneOf`; it is computed only for users who are behind. The lookups are written such that each can
// only be one in an index. Not prepared by name: a plan for any LIMIT would sort all users.
const text = `
  WITH looked_at AS MATERIALIZED (
    SELECT user_id, seq FROM users WHERE user_id > $1 ORDER BY user_id LIMIT $2
  ), behind AS MATERIALIZED (
    SELECT u.user_id, u.seq, coalesce(p.published_seq, 0) AS published_seq
    FROM looked_at u CROSS JOIN LATERAL (
      SELECT max(published_seq) AS published_seq FROM relay_positions WHERE user_id = u.user_id
    ) p
    WHERE u.seq > coalesce(p.published_seq, 0)
  )
  SELECT (SELECT max(user_id) FROM looked_at HAVING count(*) = $2) AS next_user_id,
    (SELECT count(*)::int FROM looked_at) AS users,
    coalesce(jsonb_agg(jsonb_build_object('user_id', user_id, 'seq', seq, 'published_seq', published_seq, 'since', (
      SELECT floor(extract(epoch FROM coalesce(max(occurred_at), now())) * 1000) FROM events e
      WHERE e.user_id = behind.user_id AND e.seq = behind.published_seq + 1
    ))), '[]') AS behind
  FROM behind
  WHERE $3::int[] IS NULL OR get_byte(sha256(convert_to(user_id, 'UTF8')), 0) % $4::int = ANY ($3)`;

/** The statement of {@link findUsersBehind} with its values. */
export function queryOfUsersBehind(
  afterUserId: string,
  limit: number,
  { held, of }: HeldLanes,
): { text: string; values: unknown[] } {
  return { text, values: [afterUserId, limit, held.size === of ? null : [...held], of] };
}
