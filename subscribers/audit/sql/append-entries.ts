import type { Queryable } from '../../../runtime/postgres/pool.js';
import type { AuditEntry } from '../entry.js';

/** The key by which a user's entries were sealed. */
export interface UsedKey {
  readonly userId: string;
  readonly key: Buffer;
  /** True for one that the table does not hold yet. */
  readonly isNew: boolean;
}

// The lookup of a key is written such that it can only be one in the index, however many keys there are.
const append = `
  INSERT INTO audit_entries (user_id, seq, event_id, task_id, version, type, actor, occurred_at, sealed,
    previous_hash, hash)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::uuid[], $5::integer[], $6::text[], $7::text[],
    $8::timestamptz[], $9::bytea[], $10::bytea[], $11::bytea[])
  WHERE NOT EXISTS (
    SELECT FROM unnest($12::text[], $13::bytea[]) AS used (user_id, key)
    WHERE used.key IS DISTINCT FROM (SELECT k.key FROM audit_keys k WHERE k.user_id = used.user_id))`;

const appendWithKeys = `
  WITH made AS (
    INSERT INTO audit_keys (user_id, key) SELECT * FROM unnest($14::text[], $15::bytea[])
  ) ${append}`;

/**
 * Appends entries, and the keys that are new, in one statement: all of the entries, or none.
 * @throws pg's unique violation when one of their places is taken; Error when a key was destroyed meanwhile
 */
export async function appendEntries(
  on: Queryable,
  entries: readonly AuditEntry[],
  keys: readonly UsedKey[],
): Promise<void> {
  const column = <T>(of: (entry: AuditEntry) => T): T[] => entries.map(of);
  const made = keys.filter(({ isNew }) => isNew);
  const used = keys.filter(({ isNew }) => !isNew);
  const { rowCount } = await on.query({
    ...(made.length > 0
      ? { name: 'append-audit-entries-with-keys', text: appendWithKeys }
      : { name: 'append-audit-entries', text: append }),
    values: [
      column(({ event }) => event.user_id),
      column(({ event }) => event.seq),
      column(({ event }) => event.event_id),
      column(({ event }) => event.task_id),
      column(({ event }) => event.version),
      column(({ event }) => event.type),
      column(({ event }) => event.actor),
      column(({ event }) => event.timestamp),
      column(({ sealed }) => sealed),
      column(({ previousHash }) => previousHash),
      column(({ hash }) => hash),
      used.map(({ userId }) => userId),
      used.map(({ key }) => key),
      ...(made.length > 0 ? [made.map(({ userId }) => userId), made.map(({ key }) => key)] : []),
    ],
  });
  if (rowCount !== entries.length) throw new Error('a user of these entries was forgotten meanwhile');
}
