import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CommittedEvent } from '../../domain/events/event.js';
import { seal } from './seal.js';

/** What the hash of a user's first entry builds on. */
export const firstHash = Buffer.alloc(32);

/** What of an event everybody may know: all but what it changed or says. */
export type EventFacts = Omit<CommittedEvent, 'before' | 'after' | 'detail'>;

/** An event with its place in the user's chain, what it changed sealed. */
export interface AuditEntry {
  readonly event: EventFacts;
  readonly sealed: Buffer;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
}

/**
 * Seals events and chains them to what came before them: no entry can change without all after it changing too.
 * @param events one user's, in the order of `seq`, the first right behind `previousHash`'s
 * @param key the user's key
 */
export function chain(events: readonly CommittedEvent[], previousHash: Buffer, key: Buffer): AuditEntry[] {
  let previous = previousHash;
  return events.map((event) => {
    const sealed = seal(key, event);
    const hash = entryHash(previous, event, sha256(sealed));
    const entry = { event, sealed, previousHash: previous, hash };
    previous = hash;
    return entry;
  });
}

/**
 * The hash of an entry: SHA-256 over the previous hash and the canonical JSON (RFC 8785) of the event, in which the hash of
 * the sealed content stands for `before`, `after` and `detail`. So it can be checked when nobody can open them any more.
 */
export function entryHash(previous: Buffer, event: EventFacts, contentHash: Buffer): Buffer {
  return sha256(previous, canonicalFacts(event, contentHash.toString('hex')));
}

/** The hash of an entry from before content was sealed: over the whole event. */
export function plainEntryHash(previous: Buffer, event: CommittedEvent): Buffer {
  return sha256(previous, canonicalize(event) ?? '');
}

/**
 * RFC 8785 for this one shape: members in the order of their names; strings and numbers as JSON.stringify writes them, on
 * which that RFC builds (its section 3.2.2).
 */
export function canonicalFacts(event: EventFacts, content_hash: string): string {
  const { actor, event_id, seq, task_id, timestamp, type, user_id, version } = event;
  return JSON.stringify({ actor, content_hash, event_id, seq, task_id, timestamp, type, user_id, version });
}

export function sha256(...parts: readonly (Buffer | string)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
