import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalEvent } from '../../domain/events/canonical.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { Queryable } from '../postgres/pool.js';

/** A new key signs, and a deleted one is no longer known, this long after at most. */
const knownForMs = 60_000;

/** Says whether an event is one that this system has published. */
export type IsOurs = (event: CommittedEvent, signature: string | null) => boolean;

/**
 * Signs what goes to Kafka and checks what comes from there, so that an event that somebody else put there is not taken for
 * one that was committed; see docs/decisions/0014-events-are-signed.md. The keys are where the events are, in PostgreSQL:
 * the newest signs, and each signature names its own. `INSERT INTO event_keys DEFAULT VALUES` makes a new one.
 */
export class EventSignatures {
  private keys:
    { readonly byId: ReadonlyMap<string, Buffer>; readonly newest: string; readonly readAt: number } | undefined;

  constructor(private readonly pool: Queryable) {}

  /** @returns what signs now: an event to its signature, HMAC-SHA256 in base64url behind the key's id */
  async signer(): Promise<(event: CommittedEvent) => string> {
    const { byId, newest } = await this.known();
    const key = byId.get(newest);
    if (!key) throw new Error('there is no key to sign events with: INSERT INTO event_keys DEFAULT VALUES');
    return (event) => `${newest}.${mac(key, event).toString('base64url')}`;
  }

  /**
   * @param signatures what is to be checked: keys of which nobody heard yet are read first
   * @throws Error of the database
   */
  async checker(signatures: readonly (string | null)[]): Promise<IsOurs> {
    let { byId } = await this.known();
    if (signatures.some((signature) => signature !== null && !byId.has(keyOf(signature)))) {
      ({ byId } = await this.read());
    }
    return (event, signature) => {
      const key = signature === null ? undefined : byId.get(keyOf(signature));
      if (signature === null || !key) return false;
      const expected = mac(key, event);
      const given = Buffer.from(signature.slice(signature.indexOf('.') + 1), 'base64url');
      return given.length === expected.length && timingSafeEqual(given, expected);
    };
  }

  private async known() {
    return this.keys && performance.now() - this.keys.readAt < knownForMs ? this.keys : await this.read();
  }

  private async read() {
    const { rows } = await this.pool.query<{ id: number; key: Buffer }>({
      name: 'read-event-keys',
      text: 'SELECT id, key FROM event_keys ORDER BY id',
    });
    const byId = new Map(rows.map(({ id, key }) => [String(id), key]));
    return (this.keys = { byId, newest: String(rows.at(-1)?.id ?? ''), readAt: performance.now() });
  }
}

/** @returns the signature of a CloudEvent that came in; null when it has none */
export function signatureOf(received: unknown): string | null {
  const isSigned = typeof received === 'object' && received !== null && 'signature' in received;
  return isSigned && typeof received.signature === 'string' ? received.signature : null;
}

const keyOf = (signature: string): string => signature.slice(0, signature.indexOf('.'));

const mac = (key: Buffer, event: CommittedEvent): Buffer =>
  createHmac('sha256', key).update(canonicalEvent(event)).digest();
