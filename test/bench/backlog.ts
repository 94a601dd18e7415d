import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';

/** What subscribers had not done yet when a load ended. */
export interface Lag {
  /** Committed events that were not in the audit log yet. */
  readonly events: number;
  /** Until everything was published, in the log, and the relay's positions were written. */
  readonly seconds: number;
}

const longestSeconds = 300;
const pollMs = 25;

/** Waits until nothing is left over from the load before. @throws Error when that takes too long */
export async function drain(pool: Pool): Promise<Lag> {
  const began = performance.now();
  let first: number | undefined;
  for (;;) {
    const { unlogged, unpublished } = await backlog(pool);
    first ??= unlogged;
    const seconds = (performance.now() - began) / 1000;
    if (unlogged === 0 && unpublished === 0) return { events: first, seconds };
    if (seconds > longestSeconds) throw new Error(`${unlogged} events are not in the audit log after ${seconds} s`);
    await sleep(pollMs);
  }
}

async function backlog(pool: Pool): Promise<{ unlogged: number; unpublished: number }> {
  const { rows } = await pool.query<{ unlogged: number; unpublished: number }>({
    name: 'backlog',
    text: `
      SELECT coalesce(sum(u.seq - coalesce(a.seq, 0)), 0)::float8 AS unlogged,
        coalesce(sum(u.seq - coalesce(p.published_seq, 0)), 0)::float8 AS unpublished
      FROM users u LEFT JOIN relay_positions p USING (user_id)
      LEFT JOIN LATERAL (
        SELECT seq FROM audit_entries e WHERE e.user_id = u.user_id ORDER BY seq DESC LIMIT 1
      ) a ON true`,
  });
  return rows[0] ?? { unlogged: 0, unpublished: 0 };
}
