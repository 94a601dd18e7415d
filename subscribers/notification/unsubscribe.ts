import { createHash } from 'node:crypto';
import type { LinkSigner } from './keys.js';

/** What a link ends: e-mail of a user to the address that it was sent to, and to no later one. */
export interface Unsubscription {
  readonly userId: string;
  /** Of the address: the link need not tell it to whoever reads it. */
  readonly addressHash: string;
}

export const addressHash = (address: string): string =>
  createHash('sha256').update(address.toLowerCase()).digest('base64url').slice(0, 22);

/** A token that says it, in letters that a URL takes as they are. It holds for as long as the key does (RFC 8058). */
export function unsubscribeToken(links: LinkSigner, userId: string, address: string): string {
  const said = Buffer.from(JSON.stringify([userId, addressHash(address)])).toString('base64url');
  return `${said}.${links.sign(said)}`;
}

/** @returns what a token says, or null when it is none of ours */
export function readUnsubscribeToken(links: LinkSigner, token: string): Unsubscription | null {
  const [said = '', signature = ''] = token.split('.');
  if (!links.isSignature(said, signature)) return null;
  // What we signed, we wrote.
  const [userId, hash] = JSON.parse(Buffer.from(said, 'base64url').toString()) as [string, string];
  return { userId, addressHash: hash };
}
