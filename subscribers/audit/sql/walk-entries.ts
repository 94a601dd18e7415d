import type { CommittedEvent } from '../../../domain/events/event.js';
import type { Queryable } from '../../../runtime/postgres/pool.js';
import type { FoundEntry } from '../verify/chain-check.js';

/** Entries that are fetched at once. */
const pageSize = 1_000;

type FoundRow = Omit<CommittedEvent, 'timestamp'> & {
  readonly occurred_at: Date;
  readonly content_hash: Buffer | null;
  readonly previous_hash: Buffer;
  readonly hash: Buffer;
  readonly is_forgotten: boolean;
  readonly differs: boolean;
};

/**
 * Reads the whole log, or one user's, by a cursor: users one after the other, each user's entries in order. The caller has
 * begun a transaction. The sealed content stays in the database, which tells its SHA-256.
 */
export async function* walkEntries(on: Queryable, userId: string | null): AsyncGenerator<readonly FoundEntry[]> {
  await on.query(
    `DECLARE entries NO SCROLL CURSOR FOR
     SELECT a.user_id, a.seq, a.event_id, a.task_id, a.version, a.type, a.actor, a.occurred_at, a.before, a.after,
       sha256(a.sealed) AS content_hash, a.previous_hash, a.hash, coalesce(f.seq >= a.seq, false) AS is_forgotten,
       e.seq IS NOT NULL AND coalesce(f.seq < a.seq, true)
         AND (a.event_id, a.task_id, a.version, a.type, a.actor, a.occurred_at)
           IS DISTINCT FROM (e.event_id, e.task_id, e.version, e.type, e.actor, e.occurred_at) AS differs
     FROM audit_entries a
     LEFT JOIN events e USING (user_id, seq)
     LEFT JOIN (SELECT user_id, max(seq) AS seq FROM audit_forgotten GROUP BY user_id) f USING (user_id)
     WHERE $1::text IS NULL OR a.user_id = $1
     ORDER BY a.user_id, a.seq`,
    [userId],
  );
  for (;;) {
    const { rows } = await on.query<FoundRow>(`FETCH ${pageSize} FROM entries`);
    if (rows.length === 0) break;
    yield rows.map(found);
  }
  await on.query('CLOSE entries');
}

function found(row: FoundRow): FoundEntry {
  const { occurred_at, content_hash, previous_hash, hash, is_forgotten, differs, ...event } = row;
  return {
    event: { ...event, timestamp: occurred_at.toISOString() },
    contentHash: content_hash,
    previousHash: previous_hash,
    hash,
    isForgotten: is_forgotten,
    differsFromEvent: differs,
  };
}
