import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { signalChannel } from './signal.js';

/** Advisory locks are numbers, for each database its own; this one is the hash of a name. */
const lockName = 'todo-chatbot event relay';
/** Pause after a failure, in milliseconds. */
const pauseMs = 500;

/**
 * The wait for the lock is cut into slices, shorter than a statement may take: one that runs holds back the cleaning
 * (VACUUM) of all the tables.
 * The keepalives free the lock of a machine that vanished without a word within half a minute.
 */
const session = `
  SELECT set_config('lock_timeout', '5s', false),
    set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '4', false)`;
const lockNotAvailable = '55P03';

export interface LeaseParts {
  readonly pool: Pool;
  readonly log: Logger;
  /** This process leads from now on. */
  readonly gained: () => void;
  readonly lost: () => void;
  /** Another process has committed events of this user. Every one that comes after `gained` is told. */
  readonly heard: (userId: string) => void;
}

/**
 * Which of the processes on one database leads: the one that holds an advisory lock, on a connection of its own. The others
 * wait for it within PostgreSQL, which passes it on the moment that the holder's connection ends, and a killed process's
 * connections are ended by its kernel. A pooler between here and PostgreSQL must hand out whole sessions.
 */
export class Lease {
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  constructor(private readonly parts: LeaseParts) {
    this.running = this.run();
  }

  /** Gives it up, or the wait for it; the next process leads when this resolves, or a moment later. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!this.isStopping()) {
      try {
        await this.lead(await this.parts.pool.connect());
      } catch (error) {
        if (this.isStopping()) return;
        this.parts.log.warn({ err: error }, 'the lease of the relay cannot be had; trying again');
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Waits for the lock, then leads until the connection breaks or the lease is given up. */
  private async lead(client: PoolClient): Promise<void> {
    const ended = new AbortController();
    client.once('end', () => ended.abort());
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) this.parts.heard(payload);
    });
    const signal = AbortSignal.any([ended.signal, this.stopping.signal]);
    try {
      signal.throwIfAborted();
      const over = once(signal, 'abort');
      await Promise.race([this.acquire(client), over]);
      if (signal.aborted) return;
      this.parts.gained();
      await over;
      this.parts.lost();
    } finally {
      client.removeAllListeners('notification');
      // Never back into the pool: the lock and the settings belong to the connection.
      client.release(true);
    }
  }

  private async acquire(client: PoolClient): Promise<void> {
    await client.query(session);
    for (let slice = 1; !(await isLocked(client)); slice += 1) {
      if (slice === 1) this.parts.log.info('another process on this database publishes events; this one stands by');
    }
    // From here on no signal is missed; what was committed before is found by looking.
    await client.query(`LISTEN ${signalChannel}`);
  }
}

/** @returns false when it is still another's after a while */
async function isLocked(client: PoolClient): Promise<boolean> {
  try {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockName]);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === lockNotAvailable) return false;
    throw error;
  }
}
