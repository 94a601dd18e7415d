import type { Pool } from 'pg';
import { WebSocket } from 'ws';

/** How far subscribers are behind what is committed, in events. */
export interface LagSample {
  /** Since the first event of the load. */
  readonly second: number;
  readonly committed: number;
  /** Committed events that are not in the audit log. */
  readonly audit: number;
  /** Committed events of the followed users that their live connections have not shown. */
  readonly live: number;
}

/** A user with an open live feed. */
export interface Followed {
  readonly user: string;
  /** How far it has shown the user's changes. */
  seq: number;
  close(): void;
}

/** Opens a user's live feed; resolves when it has begun. */
export async function follow(url: string, user: string, token: string): Promise<Followed> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const followed = { user, seq: 0, close: () => socket.terminate() };
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      followed.seq = (JSON.parse(data.toString()) as { seq: number }).seq;
      resolve();
    });
  });
  return followed;
}

/** Asks the database. What the feeds had shown when it was asked is compared with what it answers: never too little. */
export async function lagNow(
  pool: Pool,
  users: readonly string[],
  feeds: readonly Followed[],
): Promise<Omit<LagSample, 'second'>> {
  const shown = new Map(feeds.map(({ user, seq }) => [user, seq]));
  const { rows } = await pool.query<{ user_id: string; committed: number; logged: number }>({
    name: 'lag',
    text: `
      SELECT u.user_id, u.seq::float8 AS committed, coalesce(a.seq, 0)::float8 AS logged
      FROM users u LEFT JOIN LATERAL (
        SELECT seq FROM audit_entries e WHERE e.user_id = u.user_id ORDER BY seq DESC LIMIT 1
      ) a ON true
      WHERE u.user_id = ANY ($1)`,
    values: [users],
  });
  let [committed, audit, live] = [0, 0, 0];
  for (const row of rows) {
    committed += row.committed;
    audit += row.committed - row.logged;
    const seq = shown.get(row.user_id);
    if (seq !== undefined) live += Math.max(0, row.committed - seq);
  }
  return { committed, audit, live };
}
