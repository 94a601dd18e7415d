import type { CommittedEvent } from '../../domain/events/event.js';
import { toFrame, type LiveFrame } from './live-frame.js';

const pageSize = 200;
/** Pages that are read at once; a page can be 2 MiB. */
const mostReads = 32;

/** Reads a user's events after a place, the next ones first. */
export type ReadEvents = (userId: string, after: number, limit: number) => Promise<readonly CommittedEvent[]>;

/**
 * What connections have missed, a page at a time. Connections of a user that miss the same changes share one reading: when
 * the bus loses a change, its user's hundred connections all ask for it in the same moment.
 */
export class MissedFrames {
  private readonly shared = new Map<string, Promise<readonly LiveFrame[]>>();
  private reads = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly readEvents: ReadEvents) {}

  /** @returns the next changes after `seq`, which must exist, in order. @throws what the reading throws */
  after(userId: string, seq: number): Promise<readonly LiveFrame[]> {
    const name = `${seq} ${userId}`;
    const known = this.shared.get(name);
    if (known) return known;
    const page = this.read(userId, seq).finally(() => this.shared.delete(name));
    this.shared.set(name, page);
    return page;
  }

  private async read(userId: string, after: number): Promise<readonly LiveFrame[]> {
    if (this.reads >= mostReads) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.reads += 1;
    try {
      const events = await this.readEvents(userId, after, pageSize);
      if (events.length === 0) throw new Error(`events after seq ${after} were heard of and are not there`);
      return events.map(toFrame);
    } finally {
      const next = this.waiting.shift();
      // The place is passed on, or free.
      if (next) next();
      else this.reads -= 1;
    }
  }
}
