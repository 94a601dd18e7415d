import type { Pool } from 'pg';
import type { AuditEntry } from '../entry.js';

/** Appends entries. @throws pg's unique violation when one of their places is taken */
export async function appendEntries(pool: Pool, entries: readonly AuditEntry[]): Promise<void> {
  const column = <T>(of: (entry: AuditEntry) => T): T[] => entries.map(of);
  await pool.query({
    name: 'append-audit-entries',
    text: `
      INSERT INTO audit_entries (user_id, seq, event_id, task_id, version, type, actor, occurred_at, before, after,
        previous_hash, hash)
      SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::uuid[], $5::integer[], $6::text[], $7::text[],
        $8::timestamptz[], $9::jsonb[], $10::jsonb[], $11::bytea[], $12::bytea[])`,
    values: [
      column(({ event }) => event.user_id),
      column(({ event }) => event.seq),
      column(({ event }) => event.event_id),
      column(({ event }) => event.task_id),
      column(({ event }) => event.version),
      column(({ event }) => event.type),
      column(({ event }) => event.actor),
      column(({ event }) => event.timestamp),
      column(({ event }) => event.before && JSON.stringify(event.before)),
      column(({ event }) => event.after && JSON.stringify(event.after)),
      column(({ previousHash }) => previousHash),
      column(({ hash }) => hash),
    ],
  });
}
