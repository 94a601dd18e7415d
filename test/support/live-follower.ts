import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { pauseBeforeReturn } from './live-return.js';
import type { LoadUser } from './load.js';

/** One change as it came over the wire. */
export interface SeenChange {
  readonly seq: number;
  readonly type: string;
  readonly task_id: string;
  readonly timestamp: string;
  readonly task: Readonly<Record<string, unknown>> | null;
}

/** A client that tests wait for is less patient than those of people, in milliseconds. */
const pauses = { first: 100, longest: 500 };
/** A server that takes a connection and says nothing is given up after this time, in milliseconds. */
const firstFrameWithinMs = 10_000;
/** Going away, try again, and what a broken connection looks like from here. */
const passingCodes = new Set([1001, 1005, 1006, 1013]);

/** A client of the live feed that comes back whenever its connection ends, and goes on after the last seq it has seen. */
export class LiveFollower {
  readonly changes: SeenChange[] = [];
  /** What a live feed must never do. */
  readonly faults: string[] = [];
  connections = 0;
  private socket: WebSocket | undefined;
  private isStopped = false;
  private readonly running: Promise<void>;

  constructor(
    readonly user: LoadUser,
    private readonly url: () => string | null,
  ) {
    this.running = this.run();
  }

  get lastSeq(): number {
    return this.changes.at(-1)?.seq ?? 0;
  }

  /** Breaks the connection, as a tunnel does to a phone. */
  interrupt(): void {
    this.socket?.terminate();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.socket?.close();
    await this.running;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.isStopped) {
      const url = this.url();
      const before = this.connections;
      const end = url === null ? { code: 1006, reason: '' } : await this.follow(url);
      failures = this.connections > before ? 1 : failures + 1;
      await sleep(pauseBeforeReturn(end, failures, pauses));
    }
  }

  /** Resolves when the connection has ended. */
  private async follow(url: string): Promise<{ code: number; reason: string }> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live?since=${this.lastSeq}`, {
      headers: { authorization: `Bearer ${this.user.token}` },
      handshakeTimeout: firstFrameWithinMs,
    });
    this.socket = socket;
    const silence = setTimeout(() => socket.terminate(), firstFrameWithinMs);
    socket.on('message', (data: Buffer) => {
      clearTimeout(silence);
      this.take(JSON.parse(data.toString()) as { type: string; seq: number });
    });
    // A refusal of the upgrade, or a broken connection; `close` comes after it.
    socket.on('error', () => undefined);
    return await new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        clearTimeout(silence);
        if (!passingCodes.has(code)) this.faults.push(`the live feed of ${this.user.id} was closed with ${code}`);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  private take(frame: { type: string; seq: number }): void {
    if (frame.type === 'ready') {
      this.connections += 1;
    } else if (!('task_id' in frame)) {
      this.faults.push(`the live feed of ${this.user.id} said ${JSON.stringify(frame)}`);
    } else {
      const change = frame as SeenChange;
      if (change.seq !== this.lastSeq + 1) {
        this.faults.push(`the live feed of ${this.user.id} went from ${this.lastSeq} to ${change.seq}`);
      }
      this.changes.push(change);
    }
  }
}
