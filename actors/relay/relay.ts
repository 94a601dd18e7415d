import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { LRUCache } from 'lru-cache';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { CommittedEvent } from '../../domain/events/event.js';
import { eventsAfter } from '../../domain/events/in-order.js';
import { taskTopics, type Topic } from '../../domain/events/topics.js';
import { readEvents } from '../events/read-events.js';
import { advancePositions, findUsersBehind, readPositions } from './sql/positions.js';

/** The most events of one round of publishing. */
const roundSize = 200;
/** What waits in memory at most; beyond it the events are read from the database when their turn comes. */
const mostWaiting = 20_000;
/** How many users' positions are remembered. */
const mostPositions = 50_000;
/** Positions are written this long after the publishing they tell of; what a crash forgets is published once more. */
const positionDelayMs = 200;
/** The first and the longest pause after a failure to publish, in milliseconds. */
const backOffMs = { first: 100, longest: 5_000 };

export interface RelayParts {
  readonly pool: Pool;
  readonly log: Logger;
  readonly metrics: Registry;
  /** Publishes to one topic, in the order given; rejects when the sidecar did not take all of it. */
  readonly publish: (topic: Topic, events: readonly CommittedEvent[]) => Promise<void>;
}

/**
 * Publishes what is committed, each user's events in the order of `seq`. It is told of commits as they happen, and
 * finds the ones it was not told of (a crash, another process) by its sweep.
 *
 * A crash at any point repeats events and loses none: positions move only after the sidecar has taken the events.
 */
export class Relay {
  private waiting = new Map<string, CommittedEvent[]>();
  private waitingCount = 0;
  /** Users whose next events must be read from the database. */
  private readonly behind = new Set<string>();
  private readonly published = new LRUCache<string, number>({ max: mostPositions });
  private readonly unsaved = new Map<string, number>();
  private saving: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;
  private readonly publishedTotal: Counter;

  constructor(private readonly parts: RelayParts) {
    this.publishedTotal = new Counter({
      name: 'todo_relay_events_published_total',
      help: 'Events handed to the sidecar.',
      registers: [parts.metrics],
    });
    const waitingCount = () => this.waitingCount;
    new Gauge({
      name: 'todo_relay_events_waiting',
      help: 'Committed events that wait in memory to be published.',
      registers: [parts.metrics],
      collect() {
        this.set(waitingCount());
      },
    });
  }

  /** Takes note of a commit, right after it. */
  committed(event: CommittedEvent): void {
    if (this.stopped) return;
    if (this.waitingCount >= mostWaiting) {
      this.behind.add(event.user_id);
    } else {
      const events = this.waiting.get(event.user_id);
      if (events) events.push(event);
      else this.waiting.set(event.user_id, [event]);
      this.waitingCount += 1;
    }
    this.run();
  }

  /** Finds committed events that nobody told of and publishes them. */
  async sweep(): Promise<void> {
    // Positions that are not written yet would look like events that are not published yet.
    await this.savePositions();
    for (const userId of await findUsersBehind(this.parts.pool, 10_000)) {
      if (!this.waiting.has(userId)) this.behind.add(userId);
    }
    this.run();
  }

  /** Publishes what it was told of, writes its positions, and ends. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await this.savePositions();
  }

  private run(): void {
    this.running ??= this.publishAll()
      .catch((error: unknown) => {
        this.parts.log.error({ err: error }, 'the relay failed');
      })
      .finally(() => {
        this.running = undefined;
        if (!this.stopped && this.hasWork()) this.run();
      });
  }

  private hasWork(): boolean {
    return this.waiting.size > 0 || this.behind.size > 0;
  }

  private async publishAll(): Promise<void> {
    let pause = backOffMs.first;
    while (this.hasWork()) {
      try {
        await this.publishRound();
        pause = backOffMs.first;
      } catch (error) {
        this.parts.log.warn({ err: error, pause }, 'publishing failed; the events stay in the database');
        if (this.stopped) return;
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, backOffMs.longest);
      }
    }
  }

  private async publishRound(): Promise<void> {
    const told = this.waiting;
    this.waiting = new Map();
    this.waitingCount = 0;
    const fromDatabase = [...this.behind];
    this.behind.clear();

    try {
      await this.learnPositions([...told.keys(), ...fromDatabase]);
      const events: CommittedEvent[] = [];
      for (const [userId, userEvents] of told) {
        const next = eventsAfter(this.positionOf(userId), userEvents);
        if (next) events.push(...next);
        else fromDatabase.push(userId);
      }
      for (let start = 0; start < events.length; start += roundSize) {
        await this.publish(events.slice(start, start + roundSize));
      }
      for (const userId of new Set(fromDatabase)) await this.publishFromDatabase(userId);
    } catch (error) {
      // Nothing is known of what the sidecar took: go by the database, from the positions that are sure.
      for (const userId of [...told.keys(), ...fromDatabase]) this.behind.add(userId);
      throw error;
    }
  }

  private async publishFromDatabase(userId: string): Promise<void> {
    for (;;) {
      const events = await readEvents(this.parts.pool, userId, this.positionOf(userId), roundSize);
      if (events.length === 0) return;
      await this.publish(events);
      if (events.length < roundSize) return;
    }
  }

  private async publish(events: readonly CommittedEvent[]): Promise<void> {
    await Promise.all(taskTopics.map((topic) => this.parts.publish(topic, events)));
    for (const { user_id, seq } of events) {
      this.published.set(user_id, seq);
      this.unsaved.set(user_id, seq);
    }
    this.publishedTotal.inc(events.length);
    this.saving ??= setTimeout(() => {
      this.savePositions().catch((error: unknown) => {
        this.parts.log.warn({ err: error }, 'positions could not be written; they are kept for the next time');
      });
    }, positionDelayMs);
  }

  private positionOf(userId: string): number {
    return this.published.get(userId) ?? 0;
  }

  private async learnPositions(userIds: readonly string[]): Promise<void> {
    const unknown = userIds.filter((userId) => !this.published.has(userId));
    if (unknown.length === 0) return;
    await this.savePositions();
    for (const { user_id, published_seq } of await readPositions(this.parts.pool, unknown)) {
      this.published.set(user_id, published_seq);
    }
  }

  private async savePositions(): Promise<void> {
    clearTimeout(this.saving);
    this.saving = undefined;
    if (this.unsaved.size === 0) return;
    const positions = [...this.unsaved].map(([user_id, published_seq]) => ({ user_id, published_seq }));
    this.unsaved.clear();
    try {
      await advancePositions(this.parts.pool, positions);
    } catch (error) {
      for (const { user_id, published_seq } of positions) {
        if (!this.unsaved.has(user_id)) this.unsaved.set(user_id, published_seq);
      }
      throw error;
    }
  }
}
