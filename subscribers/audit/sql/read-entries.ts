import type { Pool } from 'pg';
import type { Task } from '../../../domain/task/task.js';
import type { Queryable } from '../../../runtime/postgres/pool.js';

/** The last entry of a user's chain. */
export interface Head {
  readonly seq: number;
  readonly hash: Buffer;
}

/** The last entries of the chains of the users named; a user without entries is not in the answer. */
export async function readHeads(on: Queryable, userIds: readonly string[]): Promise<Map<string, Head>> {
  const { rows } = await on.query<Head & { user_id: string }>({
    name: 'read-audit-heads',
    text: `
      SELECT u.user_id, head.seq, head.hash
      FROM unnest($1::text[]) AS u (user_id)
      CROSS JOIN LATERAL (
        SELECT seq, hash FROM audit_entries a WHERE a.user_id = u.user_id ORDER BY seq DESC LIMIT 1
      ) head`,
    values: [userIds],
  });
  return new Map(rows.map(({ user_id, seq, hash }) => [user_id, { seq, hash }]));
}

/** An entry of the log as the interface shows it. */
export interface ShownEntry {
  readonly seq: number;
  readonly event_id: string;
  readonly task_id: string;
  readonly version: number;
  readonly type: string;
  readonly timestamp: string;
  readonly actor: string;
  readonly before: Task | null;
  readonly after: Task | null;
  /** SHA-256, hex. */
  readonly hash: string;
  readonly previous_hash: string;
}

/** Reads a user's log after a place in it, of one task or of all. */
export async function readEntries(
  pool: Pool,
  userId: string,
  taskId: string | null,
  since: number,
  limit: number,
): Promise<ShownEntry[]> {
  const columns = `seq, event_id, task_id, version, type, occurred_at AS timestamp, actor, before, after,
    encode(hash, 'hex') AS hash, encode(previous_hash, 'hex') AS previous_hash`;
  const { rows } = await pool.query<Omit<ShownEntry, 'timestamp'> & { timestamp: Date }>(
    taskId === null
      ? {
          name: 'read-audit-entries',
          text: `
            SELECT ${columns} FROM audit_entries
            WHERE user_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
          values: [userId, since, limit],
        }
      : {
          name: 'read-audit-entries-of-task',
          text: `
            SELECT ${columns} FROM audit_entries
            WHERE user_id = $1 AND seq > $2 AND task_id = $4 ORDER BY seq LIMIT $3`,
          values: [userId, since, limit, taskId],
        },
  );
  return rows.map((row) => ({ ...row, timestamp: row.timestamp.toISOString() }));
}
