import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import type { Change } from '../../domain/events/event.js';
import { until } from './until.js';

export type Frame = { readonly type: 'ready' | 'resync'; readonly seq: number } | Change;

export type LiveClientOptions = ClientOptions & { since?: number | string; protocols?: string[] };

/** A client of `/v1/live` that keeps what it gets. */
export class LiveClient {
  readonly frames: Frame[] = [];
  /** How the server ended it, or this side did. */
  readonly closed: Promise<{ code: number; reason: string }>;
  isClosed = false;

  constructor(url: string, { since, protocols = [], ...options }: LiveClientOptions = {}) {
    const query = since === undefined ? '' : `?since=${since}`;
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live${query}`, protocols, options);
    this.socket.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as Frame));
    this.closed = new Promise((resolve, reject) => {
      this.socket.on('error', reject);
      this.socket.on('close', (code, reason) => {
        this.isClosed = true;
        resolve({ code, reason: reason.toString() });
      });
    });
    // Whoever waits for it hears of it.
    this.closed.catch(() => undefined);
  }

  readonly socket: WebSocket;

  /** Connects with a token in the header; resolves when the feed has begun. */
  static async open(url: string, token: string, since?: number): Promise<LiveClient> {
    const client = new LiveClient(url, {
      headers: { authorization: `Bearer ${token}` },
      ...(since !== undefined && { since }),
    });
    await until('the first frame of the live feed', () => {
      if (client.isClosed) throw new Error('the live feed was closed before its first frame');
      return client.frames.length > 0;
    });
    return client;
  }

  /** The frames that are changes. */
  get changes(): Change[] {
    return this.frames.filter((frame): frame is Change => 'task_id' in frame);
  }
  get seqs(): number[] {
    return this.changes.map((change) => change.seq);
  }
  /** Waits for the change of this seq. */
  async seq(seq: number): Promise<Change> {
    const isThere = () => this.seqs.includes(seq) || this.isClosed;
    await until(`the change ${seq} on the live feed`, isThere, 30_000);
    if (!this.seqs.includes(seq)) throw new Error(`closed before change ${seq}: ${JSON.stringify(await this.closed)}`);
    return this.changes.find((change) => change.seq === seq)!;
  }
  async close(): Promise<void> {
    this.socket.close();
    if (!this.isClosed) await once(this.socket, 'close');
  }
}
