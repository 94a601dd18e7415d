import type { WebSocket } from 'ws';
import { toChange, type CommittedEvent } from '../../domain/events/event.js';
import { closeCodes } from './close-codes.js';

/** Bytes that may wait for a client that reads slowly. */
const mostUnreadBytes = 1024 * 1024;
/** How long a client that is too slow has to read that it is, in milliseconds. */
const farewellMs = 10_000;
const pageSize = 200;
/** A client that is further behind than this, or ahead of all there is, reads its tasks anew instead of every change. */
export const mostMissed = 10_000;

/** Reads a user's events after a place, the next ones first. */
export type ReadEvents = (after: number, limit: number) => Promise<readonly CommittedEvent[]>;

/**
 * One client's feed: every event of the user once and in the order of `seq`, from a place on. An event that is heard of
 * is committed, so whatever is missing before it can be read.
 */
export class LiveConnection {
  /** The highest seq that was heard of. */
  private heard: number;
  private reading: Promise<void> | undefined;

  /**
   * @param sent the seq that the client has seen
   * @param current the user's seq now: what lies between is sent first
   */
  constructor(
    private readonly socket: WebSocket,
    private readonly readEvents: ReadEvents,
    private readonly onFault: (error: unknown) => void,
    private sent: number,
    current: number,
  ) {
    this.heard = current;
    this.send({ type: 'ready', seq: current });
    if (current - sent > mostMissed || sent > current) {
      this.send({ type: 'resync', seq: current });
      this.sent = current;
    }
    this.readOn();
  }

  /** Takes an event of the bus, in whatever order and however often it comes. */
  take(event: CommittedEvent): void {
    if (event.seq <= this.heard) return;
    this.heard = event.seq;
    if (!this.reading && event.seq === this.sent + 1) this.sendEvent(event);
    else this.readOn();
  }

  /** Takes note that events up to `seq` exist. */
  hearOf(seq: number): void {
    this.heard = Math.max(this.heard, seq);
    this.readOn();
  }

  /** Ends the feed; the client may come back and go on from what it has seen. */
  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  private readOn(): void {
    if (this.sent >= this.heard || this.reading) return;
    this.reading = this.readMissed()
      .catch((error: unknown) => {
        this.onFault(error);
        this.close(closeCodes.tryAgain, 'try again');
      })
      .finally(() => {
        this.reading = undefined;
        if (this.isOpen()) this.readOn();
      });
  }

  private async readMissed(): Promise<void> {
    while (this.isOpen() && this.sent < this.heard) {
      const events = await this.readEvents(this.sent, pageSize);
      if (events.length === 0) throw new Error(`events after seq ${this.sent} were heard of and are not there`);
      await this.sendAll(events);
    }
  }

  /** Sends a page as fast as the client reads it, so that a long history is no reason to be too slow. */
  private async sendAll(events: readonly CommittedEvent[]): Promise<void> {
    let left = Promise.resolve();
    for (const event of events) {
      left = new Promise((resolve) => {
        this.sendEvent(event, resolve);
      });
      if (this.socket.bufferedAmount > mostUnreadBytes / 2) await left;
    }
    await left;
  }

  private sendEvent(event: CommittedEvent, left?: () => void): void {
    this.sent = event.seq;
    this.send(toChange(event), left);
  }

  /** @param left called when the frame has left this process, or never will */
  private send(frame: object, left: () => void = () => undefined): void {
    if (!this.isOpen()) {
      left();
    } else if (this.socket.bufferedAmount > mostUnreadBytes) {
      this.socket.close(closeCodes.tooSlow, 'too slow');
      // A client that goes on not reading does not read the close frame either.
      setTimeout(() => {
        this.socket.terminate();
      }, farewellMs).unref();
      left();
    } else {
      this.socket.send(JSON.stringify(frame), left);
    }
  }

  private isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }
}
