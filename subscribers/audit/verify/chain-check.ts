import type { CommittedEvent } from '../../../domain/events/event.js';
import { entryHash, firstHash, plainEntryHash } from '../entry.js';

/** The first place of a user's log that is not what was written. */
export interface Fault {
  /** Null for one of the log as a whole. */
  readonly userId: string | null;
  readonly seq: number | null;
  /** What is wrong there. */
  readonly what: string;
}

/** An entry as it is found in the table. */
export interface FoundEntry {
  /** `before` and `after` are of plain entries alone. */
  readonly event: CommittedEvent;
  /** SHA-256 of the sealed content; null for a plain entry. */
  readonly contentHash: Buffer | null;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
  /** The user was forgotten after it. */
  readonly isForgotten: boolean;
  /** The events are still there and say something else. */
  readonly differsFromEvent: boolean;
}

/** Follows chains, entry after entry, and remembers no more than the last. */
export class ChainCheck {
  private userId: string | undefined;
  private seq = 0;
  private hash: Buffer = firstHash;
  private isBroken = false;

  /**
   * Takes the next entry.
   * @param entry users one after the other, each user's in the order of `seq`
   * @returns the first fault of the user, once
   */
  next(entry: FoundEntry): Fault | null {
    const { user_id, seq } = entry.event;
    if (user_id !== this.userId) {
      this.userId = user_id;
      this.seq = 0;
      this.hash = firstHash;
      this.isBroken = false;
    }
    if (this.isBroken) return null;
    const fault = this.faultOf(entry);
    this.seq = seq;
    this.hash = entry.hash;
    this.isBroken = fault !== null;
    return fault;
  }

  private faultOf(entry: FoundEntry): Fault | null {
    const { event } = entry;
    const expected = this.seq + 1;
    const fault = (what: string): Fault => ({ userId: event.user_id, seq: event.seq, what });
    if (event.seq !== expected) {
      return { ...fault(`it is missing; the next one there is ${event.seq}`), seq: expected };
    }
    if (!entry.previousHash.equals(this.hash)) return fault('it does not build on the entry before it');
    if (!isErased(entry) && !entry.hash.equals(hashOf(entry))) return fault('its hash is not that of its content');
    if (entry.differsFromEvent) return fault('it is not what the events say');
    return null;
  }
}

/** Of a plain entry that was blanked for a forgotten user only its place in the chain can be checked. */
function isErased({ contentHash, isForgotten, event }: FoundEntry): boolean {
  return contentHash === null && isForgotten && event.before === null && event.after === null;
}

function hashOf({ event, contentHash, previousHash }: FoundEntry): Buffer {
  return contentHash ? entryHash(previousHash, event, contentHash) : plainEntryHash(previousHash, event);
}
