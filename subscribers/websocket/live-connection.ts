import type { WebSocket } from 'ws';
import { closeCodes } from './close-codes.js';
import type { LiveFrame } from './live-frame.js';
import type { LiveLimits } from './limits.js';
import type { MissedFrames } from './missed-frames.js';

/** What all connections share. */
export interface LiveParts {
  readonly limits: LiveLimits;
  readonly missed: MissedFrames;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
  /** Told of each client that is sent away because it reads too slowly. */
  readonly onTooSlow: () => void;
}

/** While this much is unread, no more is read from the database for a client. */
const resumeBelowBytes = 64 * 1024;
const asText = { binary: false };

/**
 * One client's feed: every event of the user once and in the order of `seq`, from a place on. An event that is heard of
 * is committed, so whatever is missing before it can be read.
 */
export class LiveConnection {
  private static made = 0;
  /** Connections count on from each other. */
  readonly number = (LiveConnection.made += 1);
  private isBegun = false;
  private isReading = false;
  /** The last seq that was sent, or that the client has seen before. */
  private sent = 0;
  /** The highest seq that was heard of. */
  private heard = 0;
  private unansweredPings = 0;

  /** @param expiresAt when its token ends, in epoch milliseconds */
  constructor(
    private readonly socket: WebSocket,
    private readonly parts: LiveParts,
    readonly userId: string,
    private readonly expiresAt: number,
  ) {
    socket.on('pong', () => {
      this.unansweredPings = 0;
    });
  }

  /**
   * Begins to send. What was heard of since it was made is not lost.
   * @param current the user's seq now
   * @param since the seq that the client has seen: what lies between is sent first
   */
  begin(current: number, since = current): void {
    this.isBegun = true;
    this.sent = since;
    this.heard = Math.max(this.heard, current);
    this.send(JSON.stringify({ type: 'ready', seq: current }));
    if (current - since > this.parts.limits.mostMissedChanges || since > current) {
      this.send(JSON.stringify({ type: 'resync', seq: current }));
      this.sent = current;
    }
    this.readOn();
  }

  /** Takes an event of the bus, in whatever order and however often it comes. */
  take(frame: LiveFrame): void {
    if (frame.seq <= this.heard) return;
    this.heard = frame.seq;
    if (this.isBegun && !this.isReading && frame.seq === this.sent + 1) this.sendFrame(frame);
    else this.readOn();
  }

  /** Takes note that events up to `seq` exist. */
  hearOf(seq: number): void {
    this.heard = Math.max(this.heard, seq);
    this.readOn();
  }

  /** Sends a ping, or ends the connection when its client has not answered the last ones. */
  ping(): void {
    if (!this.isOpen()) return;
    if (this.unansweredPings >= this.parts.limits.mostUnansweredPings) {
      this.socket.terminate();
    } else {
      this.unansweredPings += 1;
      this.socket.ping();
    }
  }

  /** Ends the connection when its token has. */
  endIfExpired(now: number): void {
    if (now >= this.expiresAt && this.isOpen()) this.socket.close(closeCodes.notAllowed, 'the token has expired');
  }

  private readOn(): void {
    if (!this.isBegun || this.isReading || this.sent >= this.heard || !this.isOpen()) return;
    this.isReading = true;
    this.readMissed()
      .catch((error: unknown) => {
        this.parts.onFault(error);
        this.socket.close(closeCodes.tryAgain, 'try again');
      })
      .finally(() => {
        this.isReading = false;
        this.readOn();
      });
  }

  private async readMissed(): Promise<void> {
    while (this.isOpen() && this.sent < this.heard) {
      await this.sendAll(await this.parts.missed.after(this.userId, this.sent));
    }
  }

  /** Sends a page as fast as the client reads it, so that a long history is no reason to be too slow. */
  private async sendAll(frames: readonly LiveFrame[]): Promise<void> {
    for (const frame of frames) {
      const left = new Promise<void>((resolve) => {
        this.sendFrame(frame, resolve);
      });
      if (this.socket.bufferedAmount > resumeBelowBytes) await left;
    }
  }

  private sendFrame({ seq, bytes }: LiveFrame, left?: () => void): void {
    this.sent = seq;
    this.send(bytes, left);
  }

  /** @param left called when the frame has left this process, or never will */
  private send(data: Buffer | string, left?: () => void): void {
    this.endIfExpired(this.parts.now());
    if (!this.isOpen()) {
      left?.();
    } else if (this.socket.bufferedAmount > this.parts.limits.mostUnreadBytes) {
      // A client that goes on not reading does not read this either; the server cuts it after `farewellMs`.
      this.socket.close(closeCodes.tooSlow, 'too slow');
      this.parts.onTooSlow();
      left?.();
    } else {
      this.socket.send(data, asText, left);
    }
  }

  private isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }
}
