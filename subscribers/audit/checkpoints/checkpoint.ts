import { sign, verify, type KeyObject } from 'node:crypto';
import { sha256 } from '../entry.js';

/** What the first checkpoint names as the one before it. */
export const noCheckpoint = '0'.repeat(64);

/** How far a user's chain had come: user, seq, the hash (hex) of the entry there. */
export type SignedHead = readonly [userId: string, seq: number, hash: string];

/** Who was forgotten, up to which seq. */
export type SignedForgetting = readonly [userId: string, seq: number];

/**
 * A signed statement of how far chains had come. Checkpoints are numbered from 1, and each names the one before it, so none
 * of them can be left out.
 */
export interface Checkpoint {
  readonly number: number;
  /** SHA-256 (hex) of the body of the one before. */
  readonly previous: string;
  readonly created_at: string;
  /** RFC 7638 thumbprint of the key that signed it. */
  readonly key: string;
  /** Of the users whose chains have grown. */
  readonly heads: readonly SignedHead[];
  readonly forgotten: readonly SignedForgetting[];
}

/** A checkpoint as it is kept: the very text that was signed. */
export interface SignedCheckpoint {
  readonly number: number;
  readonly body: string;
  /** Ed25519. */
  readonly signature: Buffer;
}

export function signCheckpoint(checkpoint: Checkpoint, privateKey: KeyObject): SignedCheckpoint {
  const body = JSON.stringify(checkpoint);
  return { number: checkpoint.number, body, signature: sign(null, Buffer.from(body), privateKey) };
}

export function isSignedBy(publicKey: KeyObject, { body, signature }: Omit<SignedCheckpoint, 'number'>): boolean {
  return verify(null, Buffer.from(body), publicKey, signature);
}

/** What the next checkpoint names this one by. */
export function checkpointHash(body: string): string {
  return sha256(body).toString('hex');
}

/**
 * Checks a checkpoint against the key and the one before it.
 * @param expected its number and what it must name as the one before
 * @returns it, or what is wrong with it
 */
export function readCheckpoint(
  { number, body, signature }: SignedCheckpoint,
  expected: { readonly number: number; readonly previous: string },
  publicKey: KeyObject,
): Checkpoint | string {
  if (number !== expected.number) return `it is missing; the next one there is ${number}`;
  if (!isSignedBy(publicKey, { body, signature })) return 'it was not signed by this key';
  // Nobody without the key could have made it.
  const checkpoint = JSON.parse(body) as Checkpoint;
  if (checkpoint.number !== number) return `it was signed as number ${checkpoint.number}`;
  if (checkpoint.previous !== expected.previous) return 'it does not build on the one before it';
  return checkpoint;
}
