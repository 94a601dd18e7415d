import { prepared, type Queryable } from '../../../../runtime/postgres/pool.js';
import type { AuditEntry } from '../../../../subscribers/audit/entry.js';

// Both in one statement: without Dapr there is no reason for a round trip each.
const append = prepared(
  'plain-append-entry',
  `WITH entry AS (
     INSERT INTO audit_entries (user_id, seq, event_id, task_id, version, type, actor, occurred_at, sealed,
       previous_hash, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
   ), key AS (
     INSERT INTO audit_keys (user_id, key) SELECT $1, $12 WHERE $12::bytea IS NOT NULL
   )
   INSERT INTO relay_positions AS p (user_id, published_seq) VALUES ($1, $2)
   ON CONFLICT (user_id) DO UPDATE SET published_seq = excluded.published_seq`,
);

/**
 * Appends one entry to the audit log, and moves the user's relay position as if the event had been published.
 * @param newKey the key that sealed it, where the user had none
 */
export async function appendEntry(
  on: Queryable,
  { event, sealed, previousHash, hash }: AuditEntry,
  newKey: Buffer | null,
): Promise<void> {
  await append(on, [
    event.user_id,
    event.seq,
    event.event_id,
    event.task_id,
    event.version,
    event.type,
    event.actor,
    event.timestamp,
    sealed,
    previousHash,
    hash,
    newKey,
  ]);
}
