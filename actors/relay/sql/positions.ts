import type { Pool } from 'pg';

/** How far one user's events have been published. */
export interface Position {
  readonly user_id: string;
  readonly published_seq: number;
}

/** The positions of the users named; a user without one is not in the answer. */
export async function readPositions(pool: Pool, userIds: readonly string[]): Promise<Position[]> {
  const { rows } = await pool.query<Position>({
    name: 'read-positions',
    text: `
      SELECT user_id, published_seq FROM relay_positions
      WHERE user_id = ANY ($1)`,
    values: [userIds],
  });
  return rows;
}

/** Moves positions forward, never back. In one order, so that of two that do it at once none waits for the other in turn. */
export async function advancePositions(pool: Pool, positions: readonly Position[]): Promise<void> {
  await pool.query({
    name: 'advance-positions',
    text: `
      INSERT INTO relay_positions AS p (user_id, published_seq)
      SELECT * FROM unnest($1::text[], $2::bigint[]) AS moved (user_id, seq) ORDER BY user_id
      ON CONFLICT (user_id) DO UPDATE SET published_seq = excluded.published_seq
        WHERE p.published_seq < excluded.published_seq`,
    values: [positions.map((p) => p.user_id), positions.map((p) => p.published_seq)],
  });
}
