import { createHash } from 'node:crypto';
import type { AuditEntry } from './http.js';

/**
 * Checks a user's audit log as somebody outside would, with nothing of the program: by RFC 8785 and SHA-256 alone. What an
 * entry changed stands in its hash by the hash of its sealed form, so a change to `before`, `after` or `detail` alone is not seen here.
 * @param entries from the first on, in order
 * @returns the seq of the first entry that is not what was chained, or null when all of it is whole
 */
export function brokenAt(userId: string, entries: readonly AuditEntry[]): number | null {
  let previous = '0'.repeat(64);
  let seq = 0;
  for (const { hash, previous_hash, before, after, detail: _detail, content_hash, ...facts } of entries) {
    const event = content_hash === null ? { ...facts, before, after } : { ...facts, content_hash };
    const own = createHash('sha256')
      .update(Buffer.from(previous, 'hex'))
      .update(canonical({ user_id: userId, ...event }))
      .digest('hex');
    if (event.seq !== seq + 1 || previous_hash !== previous || hash !== own) return event.seq;
    previous = hash;
    seq = event.seq;
  }
  return null;
}

/** JSON by the canonicalization scheme (RFC 8785): members sorted by UTF-16 code units, nothing between them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
