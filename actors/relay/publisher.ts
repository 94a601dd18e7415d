import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { LRUCache } from 'lru-cache';
import { errorTable, TodoError } from '../../domain/errors.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { eventsAfter } from '../../domain/events/in-order.js';
import { taskTopics, type Topic } from '../../domain/events/topics.js';
import { readEventsOfUsers } from '../events/read-events.js';
import { advancePositions, findUsersBehind, readPositions } from './sql/positions.js';

/** The most events that are handed to the sidecar at once. */
const mostAtOnce = 200;
/** Of how many users, and how many events of each, one round reads from the database; the others wait for the next. */
const readAtOnce = { users: 20, events: 50 };
/** What waits in memory at most; beyond it the events are read from the database when their turn comes. */
const mostWaiting = 20_000;
/** How many users' positions are remembered. */
const mostPositions = 50_000;
/** Positions are written this long after the publishing they tell of; what a crash forgets is published once more. */
const positionDelayMs = 200;
/** The first and the longest pause after a failure to publish, in milliseconds. */
const backOffMs = { first: 100, longest: 1_000 };
/** Users that one sweep takes up. */
const mostOfSweep = 10_000;
/** A sweep looks at every user: the pause after it is this many times as long as it took. */
const sweepPauseFactor = 100;

export interface PublisherParts {
  readonly pool: Pool;
  readonly log: Logger;
  /**
   * Publishes to one topic, in the order given; rejects when the sidecar did not take all of it. Without events it lets
   * the subscribers find out whether they missed the last ones.
   */
  readonly publish: (topic: Topic, events: readonly CommittedEvent[]) => Promise<void>;
  /** Told how many events the sidecar has taken. */
  readonly published: (count: number) => void;
}

/**
 * Publishes what is committed, each user's events in the order of `seq`. It is told of commits as they happen, in this
 * process or another, and finds the ones it was not told of by its sweep.
 *
 * A crash at any point repeats events and loses none: positions move only after the sidecar has taken the events.
 */
export class Publisher {
  private waiting = new Map<string, CommittedEvent[]>();
  private waitingCount = 0;
  /** Users whose next events must be read from the database. */
  private readonly behind = new Set<string>();
  private readonly published = new LRUCache<string, number>({ max: mostPositions });
  private readonly unsaved = new Map<string, number>();
  private saving: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isWordDue = false;
  private nextSweepAt = 0;
  private isAbandoned = false;
  private readonly stopping = new AbortController();

  constructor(private readonly parts: PublisherParts) {}

  /** Events that wait in memory. */
  get waitingEvents(): number {
    return this.waitingCount;
  }

  /** Takes note of a commit of this process, right after it. */
  committed(event: CommittedEvent): void {
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

  /** Takes note that a user has events in the database. */
  heardOf(userId: string): void {
    this.behind.add(userId);
    this.run();
  }

  /** Has an empty message published when there is nothing else to publish; see {@link PublisherParts.publish}. */
  giveWord(): void {
    this.isWordDue = true;
    this.run();
  }

  /**
   * Finds committed events that nobody told of and publishes them. Called more often than a hundredth of the time allows,
   * it does nothing.
   */
  async sweep(): Promise<void> {
    if (performance.now() < this.nextSweepAt) return;
    // Positions that are not written yet would look like events that are not published yet.
    await this.savePositions();
    const began = performance.now();
    const users = await findUsersBehind(this.parts.pool, mostOfSweep);
    this.nextSweepAt = performance.now() + (performance.now() - began) * sweepPauseFactor;
    for (const userId of users) {
      if (!this.waiting.has(userId)) this.behind.add(userId);
    }
    this.run();
  }

  /** Publishes what it was told of, unless the sidecar does not take it, writes its positions, and ends. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.savePositions();
  }

  /** Ends at once: another process publishes from now on, and finds in the database what this one was told of. */
  abandon(): void {
    this.isAbandoned = true;
    this.stopping.abort();
    clearTimeout(this.saving);
  }

  private run(): void {
    if (this.hasWork()) this.running ??= this.publishAll();
  }

  private hasWork(): boolean {
    return !this.isAbandoned && (this.isWordDue || this.waiting.size > 0 || this.behind.size > 0);
  }

  private async publishAll(): Promise<void> {
    const { signal } = this.stopping;
    let pause = backOffMs.first;
    while (this.hasWork()) {
      try {
        await this.publishRound();
        pause = backOffMs.first;
      } catch (error) {
        this.parts.log.warn({ err: error, pause }, 'publishing failed; the events stay in the database');
        if (signal.aborted) break;
        await sleep(pause, undefined, { signal }).catch(() => undefined);
        pause = Math.min(pause * 2, backOffMs.longest);
      }
    }
    this.running = undefined;
  }

  private async publishRound(): Promise<void> {
    const told = this.waiting;
    this.waiting = new Map();
    this.waitingCount = 0;
    const isWordDue = this.isWordDue;
    this.isWordDue = false;
    const toRead = [...this.behind].slice(0, readAtOnce.users);
    for (const userId of toRead) this.behind.delete(userId);

    try {
      await this.learnPositions([...told.keys(), ...toRead]);
      const events: CommittedEvent[] = [];
      for (const [userId, userEvents] of told) {
        const next = eventsAfter(this.positionOf(userId), userEvents);
        if (next) events.push(...next);
        else this.behind.add(userId);
      }
      await this.publish(events);
      await this.publishFromDatabase(toRead);
      if (isWordDue && told.size === 0 && toRead.length === 0) await this.handOver([]);
    } catch (error) {
      // Nothing is known of what the sidecar took: go by the database, from the positions that are sure.
      for (const userId of [...told.keys(), ...toRead]) this.behind.add(userId);
      throw error;
    }
  }

  private async publishFromDatabase(userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    const places = userIds.map((user_id) => ({ user_id, after: this.positionOf(user_id) }));
    const events = await readEventsOfUsers(this.parts.pool, places, readAtOnce.events);
    await this.publish(events);
    const counts = new Map<string, number>();
    for (const { user_id } of events) counts.set(user_id, (counts.get(user_id) ?? 0) + 1);
    for (const [userId, count] of counts) {
      if (count === readAtOnce.events) this.behind.add(userId);
    }
  }

  private async publish(events: readonly CommittedEvent[]): Promise<void> {
    for (let start = 0; start < events.length; start += mostAtOnce) {
      const some = events.slice(start, start + mostAtOnce);
      await this.handOver(some);
      for (const { user_id, seq } of some) {
        this.published.set(user_id, seq);
        this.unsaved.set(user_id, seq);
      }
      this.parts.published(some.length);
    }
    if (events.length > 0) this.savePositionsSoon();
  }

  /** Publishes to all topics. An event that can never be published is passed over: it must not hold up all others. */
  private async handOver(events: readonly CommittedEvent[]): Promise<void> {
    try {
      await Promise.all(taskTopics.map((topic) => this.parts.publish(topic, events)));
    } catch (error) {
      const isFinal = error instanceof TodoError && errorTable[error.code].retry === 'drop';
      if (!isFinal) throw error;
      if (events.length > 1) {
        for (const event of events) await this.handOver([event]);
      } else {
        const { event_id, type } = events[0] ?? {};
        this.parts.log.error({ err: error, event_id, type }, 'an event cannot be published; subscribers ask for it');
      }
    }
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

  private savePositionsSoon(): void {
    this.saving ??= setTimeout(() => {
      this.savePositions().catch((error: unknown) => {
        this.parts.log.warn({ err: error }, 'positions could not be written; they are kept for the next time');
      });
    }, positionDelayMs);
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
