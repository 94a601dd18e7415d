import type { PoolClient } from 'pg';

/** Advisory locks are numbers, for each database its own: this one and a lane's, or `present` for being there at all. */
const lockClass = 0x746f646f;
const present = 1_000;

/** Who leads what, as PostgreSQL sees it. */
export interface LanesAround {
  /** Processes that lead or would. */
  readonly processes: number;
  /** Lanes that are led, by whomever. */
  readonly taken: readonly number[];
}

/**
 * Makes a connection one that holds locks. A session from which nothing is heard for this long is ended by PostgreSQL, which
 * frees its locks: that of a process that stands still, or of a machine that has vanished.
 */
export async function beginSession(client: PoolClient, mostSilenceMs: number): Promise<void> {
  await client.query(
    `SELECT set_config('idle_session_timeout', $1, false), pg_advisory_lock_shared($2::int, $3::int)`,
    [String(mostSilenceMs), lockClass, present],
  );
}

export async function lookAround(client: PoolClient): Promise<LanesAround> {
  const { rows } = await client.query<LanesAround>({
    name: 'look-around',
    text: `
      SELECT count(*) FILTER (WHERE objid::int = $2) AS processes,
        coalesce(array_agg(objid::int) FILTER (WHERE objid::int <> $2), '{}') AS taken
      FROM pg_locks
      WHERE locktype = 'advisory' AND granted AND classid::int = $1 AND objsubid = 2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    values: [lockClass, present],
  });
  return rows[0] ?? { processes: 1, taken: [] };
}

/** @returns those of the lanes that nobody else had meanwhile */
export async function lockLanes(client: PoolClient, lanes: readonly number[]): Promise<number[]> {
  const { rows } = await client.query<{ lane: number }>({
    name: 'lock-lanes',
    text: `SELECT lane FROM unnest($2::int[]) AS lane WHERE pg_try_advisory_lock($1::int, lane)`,
    values: [lockClass, lanes],
  });
  return rows.map(({ lane }) => lane);
}

export async function unlockLanes(client: PoolClient, lanes: readonly number[]): Promise<void> {
  await client.query({
    name: 'unlock-lanes',
    text: `SELECT pg_advisory_unlock($1::int, lane) FROM unnest($2::int[]) AS lane`,
    values: [lockClass, lanes],
  });
}
