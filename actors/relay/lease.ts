import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import type { HeldLanes } from './lanes.js';
import { signalChannel } from './signal.js';
import { beginSession, lockLanes, lookAround, unlockLanes } from './sql/lanes.js';

/** How often a process looks whether there are lanes to take or to give, in milliseconds; it is its sign of life too. */
const tickMs = 500;
/** A process that gives no sign for this long loses its lanes. */
const mostSilenceMs = 5_000;
/** Pause after a loss, in milliseconds: longer than a tick, so that the others come first. */
const pauseMs = 1_000;

export interface LeaseParts {
  readonly pool: Pool;
  readonly log: Logger;
  /** How many lanes there are. */
  readonly lanes: number;
  /** This process holds just these lanes from now on. Of lanes that are given up, others take over when this resolves. */
  readonly changed: (lanes: HeldLanes) => Promise<void>;
  /** A message of another process. Every one that comes after a lane was taken is told. */
  readonly heard: (message: string) => void;
}

/**
 * Divides the lanes between the processes on one database: each lane is held by the one that holds its advisory lock, on a
 * connection of its own, and each process holds as many as the others. PostgreSQL frees the locks the moment that the
 * connection ends: that of a killed process is ended by its kernel, that of a process that stands still by PostgreSQL. A
 * pooler between here and PostgreSQL must hand out whole sessions.
 */
export class Lease {
  private readonly held = new Set<number>();
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  constructor(private readonly parts: LeaseParts) {
    this.running = this.run();
  }

  /** Gives all lanes up, or the wait for them; others take them when this resolves, or a moment later. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const isStopping = (): boolean => signal.aborted;
    while (!isStopping()) {
      try {
        await this.lead(await this.parts.pool.connect());
      } catch (error) {
        if (isStopping()) return;
        this.parts.log.warn({ err: error }, 'the lease of the relay cannot be had or was lost; trying again');
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Holds its share of the lanes until the connection breaks or the lease is given up. */
  private async lead(client: PoolClient): Promise<void> {
    const ended = new AbortController();
    client.once('end', () => ended.abort(new Error('the connection was ended')));
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) this.parts.heard(payload);
    });
    const signal = AbortSignal.any([ended.signal, this.stopping.signal]);
    try {
      await beginSession(client, mostSilenceMs);
      // From here on no message is missed; what was committed before is found by looking.
      await client.query(`LISTEN ${signalChannel}`);
      while (!signal.aborted) {
        await this.balance(client);
        await sleep(tickMs, undefined, { signal });
      }
    } finally {
      client.removeAllListeners('notification');
      // Never back into the pool: locks and settings belong to the connection.
      client.release(true);
      if (this.held.size > 0) await this.hold([]);
    }
  }

  private async balance(client: PoolClient): Promise<void> {
    const { lanes } = this.parts;
    const { processes, taken } = await lookAround(client);
    const share = Math.ceil(lanes / processes);
    if (this.held.size > share) {
      const given = [...this.held].slice(share);
      await this.hold([...this.held].slice(0, share));
      await unlockLanes(client, given);
    } else if (this.held.size < share) {
      const free = Array.from({ length: lanes }, (_, lane) => lane).filter((lane) => !taken.includes(lane));
      const got = await lockLanes(client, free.slice(0, share - this.held.size));
      if (got.length > 0) await this.hold([...this.held, ...got]);
    }
  }

  private async hold(lanes: readonly number[]): Promise<void> {
    this.held.clear();
    for (const lane of lanes) this.held.add(lane);
    this.parts.log.info({ lanes: lanes.length, of: this.parts.lanes }, 'lanes of events that this process publishes');
    await this.parts.changed({ held: new Set(lanes), of: this.parts.lanes });
  }
}
