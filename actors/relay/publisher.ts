import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { errorTable, TodoError } from '../../domain/errors.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { groupByUser } from '../../domain/events/in-order.js';
import { byTopic, topics, type Topic } from '../../domain/events/topics.js';
import { readEventsOfUsers } from '../events/read-events.js';
import { BackOff } from './back-off.js';
import { Backlog, type Lag } from './backlog.js';
import type { HeldLanes } from './lanes.js';
import type { Pace } from './pace.js';
import { Positions } from './positions.js';
import { findUsersBehind } from './sql/users-behind.js';

/** What is in memory at most; beyond it only the database knows of it, until there is room. */
const limits = { users: 50_000, events: 10_000 };
/** Of how many users, and how many events of each, one read takes from the database. */
const readAtOnce = { users: 50, events: 50 };
/** How many users one statement of a sweep looks at. */
const lookedAtAtOnce = 5_000;
/**
 * A sweep looks at every user: it is followed by a pause of so long for each, a hundred times what that takes. Not of a
 * multiple of what it took: where the machine is short of processors for a moment, that would be minutes.
 */
const sweepPauseMsOfUser = 1;
/** Stopping waits this long for what is under way. */
const stopMs = 2_000;

export interface PublisherParts {
  readonly pool: Pool;
  readonly log: Logger;
  readonly pace: Pace;
  /** Whose events it publishes. */
  readonly lanes: HeldLanes;
  /**
   * Publishes to one topic, each user's in the order given; resolves when the broker has all of it. Without events it lets
   * the subscribers find out whether they missed the last ones.
   */
  readonly publish: (topic: Topic, events: readonly CommittedEvent[]) => Promise<void>;
  /** Told how many events the sidecar has taken. */
  readonly published: (count: number) => void;
}

/**
 * Publishes what is committed, each user's events in the order of `seq`. It is told of commits as they happen, in this
 * process or another, and begins with a sweep for those that nobody told of. It reads ahead while it publishes.
 *
 * An event is handed over only after the one before it was acknowledged, whoever handed that one over, and a position moves
 * only after the acknowledgement. So a crash at any point repeats events and loses none; and of two that publish for one
 * user at once, because one of them does not know yet that it was replaced, neither can be ahead of what the broker has.
 */
export class Publisher {
  private readonly positions: Positions;
  private readonly backlog: Backlog;
  private readonly underWay = new Set<Promise<void>>();
  private calls = 0;
  private isReading = false;
  /** The sweep has come up to this user; undefined: none is going on. */
  private sweepAt: string | undefined = '';
  private sweptUsers = 0;
  private nextSweepAt = 0;
  private isLooking = false;
  private isWordDue = false;
  private starting: NodeJS.Immediate | undefined;
  private readonly broker = new BackOff(() => this.start());
  private readonly database = new BackOff(() => this.start());
  private isEnding = false;

  constructor(private readonly parts: PublisherParts) {
    this.positions = new Positions(parts.pool, parts.log);
    this.backlog = new Backlog(limits, (userId) => this.positions.get(userId));
    this.soon();
  }

  /** Events that wait in memory. */
  get waitingEvents(): number {
    return this.backlog.eventsInMemory;
  }

  /** How far behind it is, as far as it knows. */
  lag(): Lag {
    return this.backlog.lag(Date.now());
  }

  /** Takes note of a commit of this process, right after it. */
  committed(event: CommittedEvent): void {
    this.backlog.add(event);
    this.soon();
  }

  /** Takes note that another process has committed a user's events up to this seq. */
  heardOf(userId: string, seq: number): void {
    this.backlog.heardOf(userId, seq, Date.now());
    this.soon();
  }

  /** Has an empty message published when there is nothing else to publish; see {@link PublisherParts.publish}. */
  giveWord(): void {
    this.isWordDue = true;
    this.soon();
  }

  /**
   * Finds committed events that nobody told of and has them published. While one is going on, or in the pause after
   * one, it does nothing.
   */
  sweep(): void {
    if (this.sweepAt !== undefined || performance.now() < this.nextSweepAt) return;
    this.sweepAt = '';
    this.soon();
  }

  /** Publishes what it knows of, for two seconds at most, and unless something fails. */
  async drain(): Promise<void> {
    const late = new AbortController();
    const untilLate = sleep(stopMs, undefined, { ref: false }).then(() => late.abort());
    this.start();
    while (this.underWay.size > 0 && !late.signal.aborted && !this.broker.isResting && !this.database.isResting)
      await Promise.race([...this.underWay, untilLate]);
  }

  /** Begins nothing new. Resolves when what is under way has come to its end or could not in two seconds. */
  async end(): Promise<void> {
    this.isEnding = true;
    clearImmediate(this.starting);
    this.broker.stop();
    this.database.stop();
    await Promise.race([Promise.all(this.underWay), sleep(stopMs, undefined, { ref: false })]);
    await this.positions.save().catch((err: unknown) => {
      this.parts.log.warn({ err }, 'positions could not be written; what they tell of is published once more');
    });
  }

  /** What is told within one turn of the event loop goes together. */
  private soon(): void {
    if (!this.isEnding) this.starting ??= setImmediate(() => this.start());
  }

  private start(): void {
    clearImmediate(this.starting);
    this.starting = undefined;
    if (this.isEnding) return;
    if (!this.broker.isResting) this.startCalls();
    if (this.database.isResting) return;
    this.startReading();
    this.startLooking();
  }

  private startCalls(): void {
    const { callsAtOnce, eventsAtOnce, eventsOfUser } = this.parts.pace;
    while (this.backlog.readyUsers >= (this.calls === 0 ? 1 : eventsAtOnce) && this.calls < callsAtOnce) {
      this.startCall(this.backlog.take(eventsAtOnce, eventsOfUser));
    }
    if (!this.isWordDue || !this.backlog.isEmpty || this.calls > 0) return;
    this.isWordDue = false;
    this.startCall([]);
  }

  private startCall(events: readonly CommittedEvent[]): void {
    this.calls += 1;
    this.track(
      this.call(events).finally(() => (this.calls -= 1)),
      this.broker,
    );
  }

  private async call(events: readonly CommittedEvent[]): Promise<void> {
    try {
      await this.handOver(events);
    } catch (error) {
      this.backlog.putBack(events);
      throw error;
    }
    this.positions.moved(events);
    this.backlog.acknowledge(events);
    this.parts.published(events.length);
  }

  private startReading(): void {
    if (this.isReading) return;
    const userIds = this.backlog.toRead(readAtOnce.users);
    if (userIds.length === 0) return;
    this.isReading = true;
    this.track(
      this.read(userIds).finally(() => {
        this.isReading = false;
        this.backlog.readingEnded(userIds);
      }),
      this.database,
    );
  }

  private async read(userIds: readonly string[]): Promise<void> {
    const places = this.backlog.learn(await this.positions.read(userIds));
    if (places.length === 0) return;
    const events = await readEventsOfUsers(this.parts.pool, places, readAtOnce.events);
    this.backlog.fill(places, groupByUser(events));
  }

  private startLooking(): void {
    if (this.sweepAt === undefined && this.backlog.hasForgotten) this.sweepAt = '';
    if (this.sweepAt === undefined || this.isLooking || !this.backlog.hasRoom) return;
    this.isLooking = true;
    this.track(
      this.look(this.sweepAt).finally(() => (this.isLooking = false)),
      this.database,
    );
  }

  private async look(after: string): Promise<void> {
    if (after === '') {
      this.sweptUsers = 0;
      this.backlog.hasForgotten = false;
    }
    // Positions that are not written yet would look like events that are not published yet.
    await this.positions.save();
    const { behind, users, next_user_id } = await findUsersBehind(
      this.parts.pool,
      after,
      lookedAtAtOnce,
      this.parts.lanes,
    );
    this.sweptUsers += users;
    for (const { user_id, seq, published_seq, since } of behind) {
      this.backlog.heardOf(user_id, seq, since, published_seq);
    }
    this.sweepAt = next_user_id ?? undefined;
    if (next_user_id === null) {
      this.nextSweepAt = performance.now() + this.sweptUsers * sweepPauseMsOfUser;
    }
  }

  private track(work: Promise<void>, backOff: BackOff): void {
    const tracked = work
      .then(() => backOff.succeeded())
      .catch((err: unknown) => {
        if (this.isEnding) return;
        const pause = backOff.failed();
        this.parts.log.warn({ err, pause }, 'publishing failed; the events stay in the database');
      })
      .finally(() => {
        this.underWay.delete(tracked);
        this.start();
      });
    this.underWay.add(tracked);
  }

  /** Publishes each event to its topics, and the empty message to all. An event that can never be published is passed over: it must not hold up all others. */
  private async handOver(events: readonly CommittedEvent[]): Promise<void> {
    try {
      const { publish } = this.parts;
      if (events.length === 0) await Promise.all(topics.map((topic) => publish(topic, events)));
      else await Promise.all([...byTopic(events)].map(([topic, part]) => publish(topic, part)));
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
}
