import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { CommittedEvent } from '../../domain/events/event.js';
import { includesUser, type HeldLanes } from './lanes.js';
import { Lease } from './lease.js';
import { relayMetrics } from './metrics.js';
import { paces, type Broker } from './pace.js';
import { Publisher, type PublisherParts } from './publisher.js';
import { CommitSignals, parseSignal } from './signal.js';

export interface RelayParts {
  readonly pool: Pool;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly publish: PublisherParts['publish'];
  /** What `publish` reaches. */
  readonly broker: Broker;
  /** False where nobody would hear what this process publishes: it leaves that to the others. */
  readonly mayLead: boolean;
}

interface Leading {
  readonly lanes: HeldLanes;
  readonly publisher: Publisher;
}

/**
 * Has every committed event published, whichever process committed it, each user's in the order of `seq`. The users are
 * divided into lanes, and the lanes between the processes on one database: each publishes the events of its own, and tells
 * the others whose events wait. What nobody told of, because a process died between its commit and its word, is found by a
 * sweep, with which everybody begins who takes over a lane.
 */
export class Relay {
  /** Each time anew: what a publisher remembers of lanes that it did not hold meanwhile may have been overtaken. */
  private leading: Leading | undefined;
  private isStopped = false;
  private readonly signals: CommitSignals;
  private readonly lease: Lease | undefined;
  private readonly published: (count: number) => void;

  constructor(private readonly parts: RelayParts) {
    const { pool, log, metrics, mayLead, broker } = parts;
    this.signals = new CommitSignals(pool, log);
    this.published = relayMetrics(metrics, {
      lanes: () => this.leading?.lanes.held.size ?? 0,
      waiting: () => this.leading?.publisher.waitingEvents ?? 0,
      lag: () => this.leading?.publisher.lag() ?? { events: 0, seconds: 0 },
    });
    if (mayLead) {
      this.lease = new Lease({
        pool,
        log,
        lanes: paces[broker].lanes,
        changed: (lanes) => this.lead(lanes),
        heard: (message) => {
          const { userId, seq } = parseSignal(message);
          this.publisherOf(userId)?.heardOf(userId, seq);
        },
      });
    }
  }

  /** Takes note of a commit of this process, right after it. */
  committed(event: CommittedEvent): void {
    const publisher = this.publisherOf(event.user_id);
    if (publisher) publisher.committed(event);
    else this.signals.tell(event.user_id, event.seq);
  }

  /** Finds committed events that nobody told of, in the lanes of this process. */
  sweep(): void {
    this.leading?.publisher.giveWord();
    this.leading?.publisher.sweep();
  }

  /** Publishes what it was told of and gives up its lanes. Commits that still come are told to those who lead then. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const { leading } = this;
    this.leading = undefined;
    await leading?.publisher.drain();
    await leading?.publisher.end();
    await this.lease?.stop();
    await this.signals.idle();
  }

  private publisherOf(userId: string): Publisher | undefined {
    return this.leading && includesUser(this.leading.lanes, userId) ? this.leading.publisher : undefined;
  }

  private async lead(lanes: HeldLanes): Promise<void> {
    const before = this.leading;
    this.leading = undefined;
    await before?.publisher.end();
    if (this.isStopped || lanes.held.size === 0) return;
    const { pool, log, publish, broker } = this.parts;
    const publisher = new Publisher({ pool, log, publish, lanes, pace: paces[broker], published: this.published });
    this.leading = { lanes, publisher };
  }
}
