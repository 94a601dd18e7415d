import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CommittedEvent } from '../../domain/events/event.js';

/** What the hash of a user's first entry builds on. */
export const firstHash = Buffer.alloc(32);

/** An event with its place in the user's chain. */
export interface AuditEntry {
  readonly event: CommittedEvent;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
}

/**
 * Chains events to what came before them: each hash is SHA-256 over the previous hash and the canonical JSON
 * (RFC 8785) of the event, so that no entry can change without all after it changing too.
 * @param events one user's, in the order of `seq`, the first right behind `previousHash`'s
 */
export function chain(events: readonly CommittedEvent[], previousHash: Buffer): AuditEntry[] {
  let previous = previousHash;
  return events.map((event) => {
    const hash = createHash('sha256')
      .update(previous)
      .update(canonicalize(event) ?? '')
      .digest();
    const entry = { event, previousHash: previous, hash };
    previous = hash;
    return entry;
  });
}
