import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { CommittedEvent } from '../../domain/events/event.js';

/** What an event changed, or says. */
export type Content = Pick<CommittedEvent, 'before' | 'after' | 'detail'>;

type Place = Pick<CommittedEvent, 'user_id' | 'seq'>;

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** A key for one user's content, 32 bytes. Once it is destroyed, so is all that it sealed. */
export function newDataKey(): Buffer {
  return randomBytes(32);
}

/**
 * Seals what an event changed, and the detail of a fact, by AES-256-GCM, bound to the event's place in the log.
 * @returns the nonce (12 bytes), the ciphertext and the tag (16 bytes)
 */
export function seal(key: Buffer, event: Content & Place): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(boundTo(event));
  const { before, after, detail } = event;
  const body = cipher.update(JSON.stringify({ before, after, detail }), 'utf8');
  return Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()]);
}

/** Opens what {@link seal} sealed. @throws Error when the key, the place or a byte is another one */
export function openSealed(key: Buffer, place: Place, sealed: Buffer): Content {
  const nonce = sealed.subarray(0, nonceBytes);
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(boundTo(place));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const body = decipher.update(sealed.subarray(nonceBytes, -tagBytes));
  // Nobody without the key could have made it.
  return JSON.parse(Buffer.concat([body, decipher.final()]).toString()) as Content;
}

function boundTo({ user_id, seq }: Place): Buffer {
  return Buffer.from(JSON.stringify([user_id, seq]));
}
