import type { FactDetail } from '../../../domain/events/event.js';
import type { Task } from '../../../domain/task/task.js';
import type { Queryable } from '../../../runtime/postgres/pool.js';
import { openSealed } from '../seal.js';

/** The last entry of a user's chain. */
export interface Head {
  readonly seq: number;
  readonly hash: Buffer;
}

/** Where a user's chain goes on: behind its head, where there is one, by the user's key, where there is one. */
export interface ChainEnd {
  readonly head: Head | null;
  readonly key: Buffer | null;
}

/** The ends of the chains of the users named. */
export async function readChainEnds(on: Queryable, userIds: readonly string[]): Promise<Map<string, ChainEnd>> {
  const { rows } = await on.query<{ user_id: string; seq: number | null; hash: Buffer | null; key: Buffer | null }>({
    name: 'read-audit-chain-ends',
    text: `
      SELECT u.user_id, head.seq, head.hash, (SELECT key FROM audit_keys k WHERE k.user_id = u.user_id) AS key
      FROM unnest($1::text[]) AS u (user_id)
      LEFT JOIN LATERAL (
        SELECT seq, hash FROM audit_entries a WHERE a.user_id = u.user_id ORDER BY seq DESC LIMIT 1
      ) head ON true`,
    values: [userIds],
  });
  return new Map(
    rows.map(({ user_id, seq, hash, key }) => [
      user_id,
      { head: seq === null || hash === null ? null : { seq, hash }, key },
    ]),
  );
}

/** The heads of those of the users named whose last entry was written at a time or later. */
export async function readHeadsSince(
  on: Queryable,
  userIds: readonly string[],
  since: Date,
): Promise<(Head & { user_id: string })[]> {
  const { rows } = await on.query<Head & { user_id: string }>({
    name: 'read-audit-heads-since',
    text: `
      SELECT u.user_id, head.seq, head.hash
      FROM unnest($1::text[]) AS u (user_id)
      CROSS JOIN LATERAL (
        SELECT seq, hash, logged_at FROM audit_entries a WHERE a.user_id = u.user_id ORDER BY seq DESC LIMIT 1
      ) head
      WHERE head.logged_at >= $2`,
    values: [userIds, since],
  });
  return rows;
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
  /** Null also where the user was forgotten after the entry. */
  readonly before: Task | null;
  readonly after: Task | null;
  /** Of a fact, unless the user was forgotten after it. */
  readonly detail?: FactDetail;
  /** SHA-256 of the sealed content, hex, which stands in the hash; null for an entry whose hash is over the plain. */
  readonly content_hash: string | null;
  /** SHA-256, hex. */
  readonly hash: string;
  readonly previous_hash: string;
}

interface EntryRow extends Omit<ShownEntry, 'timestamp'> {
  readonly timestamp: Date;
  readonly sealed: Buffer | null;
  readonly key: Buffer | null;
}

// What was sealed before a user was forgotten cannot be opened: that key is gone, and a later one is another.
const select = `
  SELECT e.seq, e.event_id, e.task_id, e.version, e.type, e.occurred_at AS timestamp, e.actor, e.before, e.after,
    e.sealed, CASE WHEN e.seq > f.seq THEN k.key END AS key, encode(sha256(e.sealed), 'hex') AS content_hash,
    encode(e.hash, 'hex') AS hash, encode(e.previous_hash, 'hex') AS previous_hash
  FROM audit_entries e LEFT JOIN audit_keys k USING (user_id)
  CROSS JOIN (SELECT coalesce(max(seq), 0) AS seq FROM audit_forgotten WHERE user_id = $1) AS f`;

/** Reads a user's log after a place in it, of one task or of all. */
export async function readEntries(
  on: Queryable,
  userId: string,
  taskId: string | null,
  since: number,
  limit: number,
): Promise<ShownEntry[]> {
  const { rows } = await on.query<EntryRow>(
    taskId === null
      ? {
          name: 'read-audit-entries',
          text: `${select} WHERE e.user_id = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3`,
          values: [userId, since, limit],
        }
      : {
          name: 'read-audit-entries-of-task',
          text: `${select} WHERE e.user_id = $1 AND e.seq > $2 AND e.task_id = $4 ORDER BY e.seq LIMIT $3`,
          values: [userId, since, limit, taskId],
        },
  );
  return rows.map(({ sealed, key, ...row }) => {
    const place = { user_id: userId, seq: row.seq };
    const content = sealed && key ? openSealed(key, place, sealed) : { before: row.before, after: row.after };
    return { ...row, ...content, timestamp: row.timestamp.toISOString() };
  });
}
