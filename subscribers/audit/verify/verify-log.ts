import type { OwnKey } from '../../../runtime/auth/own-key.js';
import type { Queryable } from '../../../runtime/postgres/pool.js';
import { checkpointHash, noCheckpoint, readCheckpoint, type SignedForgetting } from '../checkpoints/checkpoint.js';
import type { Witness } from '../checkpoints/witness.js';
import { readNextCheckpoint } from '../sql/checkpoints.js';
import { findLostKeys, findOtherHeads, findUnsignedForgetting } from '../sql/find-faults.js';
import { walkEntries } from '../sql/walk-entries.js';
import { ChainCheck, type Fault } from './chain-check.js';

/** Faults of which no more are looked for. */
export const mostFaults = 100;

export interface VerifyOptions {
  /** One user's log; null for all. */
  readonly userId: string | null;
  /** The key that signs checkpoints; undefined where there is none. */
  readonly key: OwnKey | undefined;
  readonly witness: Witness | null;
  readonly progress: (entries: number) => void;
}

export interface Verified {
  /** One for each user at most: the first place that is broken. */
  readonly faults: readonly Fault[];
  readonly entries: number;
  readonly users: number;
  readonly checkpoints: number;
}

/**
 * Checks each user's chain, each checkpoint, and that the chains are those that the checkpoints were signed over. The memory
 * it takes does not grow with the log, but with the number of the forgotten.
 * @param on in a transaction that sees all rows, and all of the same instant
 */
export async function verifyLog(on: Queryable, options: VerifyOptions): Promise<Verified> {
  const faults = new Faults();
  const { entries, users } = await verifyChains(on, options, faults);
  const checkpoints = await verifyCheckpoints(on, options, faults);
  for (const { user_id, seq } of await findLostKeys(on, [options.userId, mostFaults])) {
    faults.add({
      userId: user_id,
      seq,
      what: 'its content cannot be opened: the key is gone, and nobody forgot the user',
    });
  }
  return { faults: faults.all, entries, users, checkpoints };
}

async function verifyChains(on: Queryable, { userId, progress }: VerifyOptions, faults: Faults) {
  const check = new ChainCheck();
  let entries = 0;
  let users = 0;
  for await (const page of walkEntries(on, userId)) {
    for (const entry of page) {
      if (entry.event.seq === 1) users += 1;
      const fault = check.next(entry);
      if (fault) faults.add(fault);
    }
    entries += page.length;
    progress(entries);
    if (faults.isFull) break;
  }
  return { entries, users };
}

async function verifyCheckpoints(on: Queryable, options: VerifyOptions, faults: Faults): Promise<number> {
  const { key, userId, witness } = options;
  const forgotten: SignedForgetting[] = [];
  let last = { number: 0, hash: noCheckpoint };
  for (;;) {
    const expected = { number: last.number + 1, previous: last.hash };
    const found = await readNextCheckpoint(on, last.number);
    if (!found) break;
    const checkpoint = key ? readCheckpoint(found, expected, key.publicKey) : 'there is no key to check it by';
    if (typeof checkpoint === 'string') {
      faults.add({ userId: null, seq: null, what: `checkpoint ${expected.number}: ${checkpoint}` });
      return last.number;
    }
    last = { number: found.number, hash: checkpointHash(found.body) };
    if (witness?.number === last.number && witness.hash !== last.hash) {
      faults.add({
        userId: null,
        seq: null,
        what: `checkpoint ${last.number}: it is not the one that was signed here`,
      });
    }
    forgotten.push(...checkpoint.forgotten);
    const heads = checkpoint.heads.filter(([user]) => userId === null || user === userId);
    const others = await findOtherHeads(on, [
      heads.map(([user]) => user),
      heads.map(([, seq]) => seq),
      heads.map(([, , hash]) => Buffer.from(hash, 'hex')),
    ]);
    for (const { user_id, seq, is_there } of others) {
      const what = is_there
        ? `it is not the entry that checkpoint ${last.number} was signed over`
        : `it is missing; checkpoint ${last.number} was signed over it`;
      faults.add({ userId: user_id, seq, what });
    }
    if (faults.isFull) return last.number;
  }
  if (witness && witness.number > last.number) {
    faults.add({
      userId: null,
      seq: null,
      what: `checkpoint ${last.number + 1}: it is missing; there were ${witness.number}`,
    });
  }
  const unsigned = await findUnsignedForgetting(on, [
    forgotten.map(([user]) => user),
    forgotten.map(([, seq]) => seq),
    userId,
  ]);
  for (const { user_id, seq } of unsigned) {
    faults.add({ userId: user_id, seq, what: 'it is marked as forgotten, and no checkpoint says so' });
  }
  return last.number;
}

/** The first fault of each user. */
class Faults {
  private readonly byUser = new Map<string | null, Fault>();

  add(fault: Fault): void {
    if (!this.byUser.has(fault.userId)) this.byUser.set(fault.userId, fault);
  }
  get isFull(): boolean {
    return this.byUser.size >= mostFaults;
  }
  get all(): Fault[] {
    return [...this.byUser.values()];
  }
}
