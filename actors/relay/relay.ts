import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { CommittedEvent } from '../../domain/events/event.js';
import { Lease } from './lease.js';
import { Publisher, type PublisherParts } from './publisher.js';
import { LeaderSignal } from './signal.js';

export interface RelayParts {
  readonly pool: Pool;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly publish: PublisherParts['publish'];
  /** False where nobody would hear what this process publishes: it leaves that to the others. */
  readonly mayLead: boolean;
}

/**
 * Has every committed event published, whichever process committed it, each user's in the order of `seq`. Of all processes
 * on one database one leads and publishes; the others tell it whose events wait. What nobody told of, because a process
 * died between its commit and its word, is found by the leader's sweep, and by whoever leads next as its first act.
 */
export class Relay {
  /** There while this process leads. Each time a new one: what it remembers may have been overtaken meanwhile. */
  private publisher: Publisher | undefined;
  private isStopped = false;
  private readonly signal: LeaderSignal;
  private readonly lease: Lease | undefined;
  private readonly publishedTotal: Counter;

  constructor(private readonly parts: RelayParts) {
    const { pool, log, metrics, mayLead } = parts;
    this.signal = new LeaderSignal(pool, log);
    this.publishedTotal = new Counter({
      name: 'todo_relay_events_published_total',
      help: 'Events handed to the sidecar.',
      registers: [metrics],
    });
    const waiting = () => this.publisher?.waitingEvents ?? 0;
    new Gauge({
      name: 'todo_relay_events_waiting',
      help: 'Committed events that wait in memory to be published.',
      registers: [metrics],
      collect() {
        this.set(waiting());
      },
    });
    const leads = () => (this.publisher ? 1 : 0);
    new Gauge({
      name: 'todo_relay_leads',
      help: '1 in the process that publishes for all of them.',
      registers: [metrics],
      collect() {
        this.set(leads());
      },
    });
    if (mayLead) {
      this.lease = new Lease({
        pool,
        log,
        gained: () => this.lead(),
        lost: () => this.follow(),
        heard: (userId) => this.publisher?.heardOf(userId),
      });
    }
  }

  /** Takes note of a commit of this process, right after it. */
  committed(event: CommittedEvent): void {
    if (this.publisher) this.publisher.committed(event);
    else this.signal.tell(event.user_id);
  }

  /** Finds committed events that nobody told of. Only the leader does something. */
  async sweep(): Promise<void> {
    this.publisher?.giveWord();
    await this.publisher?.sweep();
  }

  /** Publishes what it was told of and gives up the lead. Commits that still come are told to the next leader. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const publisher = this.publisher;
    this.publisher = undefined;
    await publisher?.stop();
    await this.lease?.stop();
    await this.signal.idle();
  }

  private lead(): void {
    if (this.isStopped) return;
    const { pool, log, publish } = this.parts;
    this.publisher = new Publisher({ pool, log, publish, published: (count) => this.publishedTotal.inc(count) });
    this.publisher.sweep().catch((error: unknown) => {
      log.warn({ err: error }, 'the first sweep failed; the next one finds the same');
    });
  }

  private follow(): void {
    this.publisher?.abandon();
    this.publisher = undefined;
  }
}
