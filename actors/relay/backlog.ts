import type { CommittedEvent } from '../../domain/events/event.js';
import type { Place } from '../events/read-events.js';

/** Below this many events of a user in memory the next ones are read, if there are any. */
const fewOfUser = 20;

/** A user who has committed events that are not published yet. */
interface UserBehind {
  readonly userId: string;
  /** The seq of the last published event; undefined until it has been read. */
  published: number | undefined;
  /** The seq of the last event that is known of. */
  last: number;
  /** When the oldest unpublished event was committed, or somewhat earlier, in milliseconds since 1970. */
  since: number;
  /** Unpublished events in the order of `seq`. What is missing between or after them is in the database. */
  readonly events: CommittedEvent[];
  isUnderWay: boolean;
  /** What `last` was when its events were asked for; undefined when they are not being read. */
  askedUpTo: number | undefined;
}

/** How far behind the publishing is. */
export interface Lag {
  readonly events: number;
  readonly seconds: number;
}

export interface BacklogLimits {
  /** Users who are remembered as being behind. */
  readonly users: number;
  /** Events in memory. */
  readonly events: number;
}

/**
 * What waits to be published: which users, and of each the next events as far as there is room for them. Users take turns.
 * It only remembers and decides; {@link Publisher} reads and publishes.
 */
export class Backlog {
  /** A user had to be passed over for want of room: only the database knows that it is behind. */
  hasForgotten = false;
  private inMemory = 0;
  private readonly users = new Map<string, UserBehind>();
  /** Their next event is in memory, and none of theirs is under way. */
  private readonly ready = new Set<UserBehind>();
  /** Some of their next events must be read. */
  private readonly hungry = new Set<UserBehind>();

  /** @param publishedOf the seq of the last event that was published, where that is known */
  constructor(
    private readonly limits: BacklogLimits,
    private readonly publishedOf: (userId: string) => number | undefined,
  ) {}

  /** Events that are in memory. */
  get eventsInMemory(): number {
    return this.inMemory;
  }

  get isEmpty(): boolean {
    return this.users.size === 0;
  }

  /** Users from whom an event could be handed over now. */
  get readyUsers(): number {
    return this.ready.size;
  }

  /** True when there is room for users whom nobody has told of. */
  get hasRoom(): boolean {
    return this.users.size < this.limits.users / 2;
  }

  /** At least this far behind: users who are not remembered do not count. `now` is in milliseconds since 1970. */
  lag(now: number): Lag {
    let events = 0;
    let oldest = now;
    for (const { last, published, events: some, since } of this.users.values()) {
      events += last - (published ?? (some[0]?.seq ?? last) - 1);
      oldest = Math.min(oldest, since);
    }
    return { events, seconds: (now - oldest) / 1000 };
  }

  /** Takes an event that was committed a moment ago. */
  add(event: CommittedEvent): void {
    const user = this.note(event.user_id, event.seq, Date.parse(event.timestamp));
    if (!user) return;
    if (this.inMemory < this.limits.events) this.insert(user, [event]);
    this.settle(user);
  }

  /**
   * Takes note that a user has events up to a seq.
   * @param since when the first that is not published was committed, in milliseconds since 1970
   * @param published the seq of the last that is published, according to the database
   */
  heardOf(userId: string, seq: number, since: number, published?: number): void {
    const user = this.note(userId, seq, since);
    if (!user) return;
    user.published ??= published;
    this.settle(user);
  }

  /**
   * Takes out what is to be handed over next: of each user at most so many events, in their order, right after what is
   * published. Each of these users must be told of by {@link acknowledge} or {@link putBack}.
   */
  take(mostEvents: number, mostOfUser: number): CommittedEvent[] {
    const taken: CommittedEvent[] = [];
    for (const user of this.ready) {
      if (taken.length >= mostEvents) break;
      this.ready.delete(user);
      user.isUnderWay = true;
      const inRun = (endOfRun(user) ?? 0) - (user.published ?? 0);
      taken.push(...user.events.slice(0, Math.min(inRun, mostOfUser, mostEvents - taken.length)));
    }
    return taken;
  }

  /** What was taken out is published. */
  acknowledge(events: readonly CommittedEvent[]): void {
    for (const event of events) {
      const user = this.users.get(event.user_id);
      if (!user) continue;
      user.published = Math.max(event.seq, user.published ?? 0);
      user.since = Date.parse(event.timestamp);
    }
    this.release(events);
  }

  /** What was taken out may not be published: it is to be handed over again. */
  putBack(events: readonly CommittedEvent[]): void {
    this.release(events);
  }

  /**
   * Whose events to read next; none while memory is full, unless nothing could be handed over then. What is found is told
   * by {@link learn} and {@link fill}, and in any case the end by {@link readingEnded}.
   */
  toRead(mostUsers: number): string[] {
    if (this.inMemory >= this.limits.events && this.ready.size > 0) return [];
    const userIds: string[] = [];
    for (const user of this.hungry) {
      if (userIds.length >= mostUsers) break;
      this.hungry.delete(user);
      user.askedUpTo = user.last;
      userIds.push(user.userId);
    }
    return userIds;
  }

  /** What has been published of each user. @returns after which places events are to be read then */
  learn(positions: ReadonlyMap<string, number>): Place[] {
    const places: Place[] = [];
    for (const [userId, position] of positions) {
      const user = this.users.get(userId);
      if (!user) continue;
      user.published = Math.max(user.published ?? 0, position);
      this.dropPublished(user, user.published);
      const after = endOfRun(user) ?? 0;
      if (after < user.last) places.push({ user_id: userId, after });
    }
    return places;
  }

  /** The events that were found after these places. */
  fill(places: readonly Place[], events: ReadonlyMap<string, readonly CommittedEvent[]>): void {
    for (const { user_id, after } of places) {
      const user = this.users.get(user_id);
      if (!user) continue;
      const found = events.get(user_id) ?? [];
      const first = found[0]?.seq;
      // What is not in the database cannot be waited for.
      if (first === undefined && user.last === user.askedUpTo) user.last = after;
      if (first !== undefined && after === user.published) user.published = first - 1;
      this.insert(user, found);
    }
  }

  /** Ends what {@link toRead} began. */
  readingEnded(userIds: readonly string[]): void {
    for (const userId of userIds) {
      const user = this.users.get(userId);
      if (!user) continue;
      user.askedUpTo = undefined;
      this.settle(user);
    }
  }

  private note(userId: string, seq: number, since: number): UserBehind | undefined {
    let user = this.users.get(userId);
    if (!user) {
      const published = this.publishedOf(userId);
      if (published !== undefined && seq <= published) return undefined;
      if (this.users.size >= this.limits.users) {
        this.hasForgotten = true;
        return undefined;
      }
      user = { userId, published, last: seq, since, events: [], isUnderWay: false, askedUpTo: undefined };
      this.users.set(userId, user);
    }
    user.last = Math.max(user.last, seq);
    return user;
  }

  /** Puts events, which are in order, among those of a user; each that is there or published already is left out. */
  private insert(user: UserBehind, events: readonly CommittedEvent[]): void {
    for (const event of events) {
      if (event.seq <= (user.published ?? 0)) continue;
      let index = user.events.length;
      while (index > 0 && (user.events[index - 1]?.seq ?? 0) > event.seq) index -= 1;
      if (user.events[index - 1]?.seq === event.seq) continue;
      user.events.splice(index, 0, event);
      this.inMemory += 1;
    }
  }

  private release(events: readonly CommittedEvent[]): void {
    for (const userId of new Set(events.map((event) => event.user_id))) {
      const user = this.users.get(userId);
      if (!user) continue;
      user.isUnderWay = false;
      this.settle(user);
    }
  }

  /** Puts a user where it belongs after anything about it has changed. */
  private settle(user: UserBehind): void {
    const { published = 0 } = user;
    this.dropPublished(user, published);
    const end = endOfRun(user);
    const isHungry = end === undefined || (end < user.last && end - published < fewOfUser);
    const isReady = end !== undefined && end > published;
    place(this.hungry, user, isHungry && user.askedUpTo === undefined);
    place(this.ready, user, isReady && !user.isUnderWay);
    const isDone = !isHungry && !isReady && !user.isUnderWay && user.askedUpTo === undefined;
    if (isDone) this.users.delete(user.userId);
  }

  private dropPublished(user: UserBehind, published: number): void {
    let count = 0;
    while ((user.events[count]?.seq ?? Infinity) <= published) count += 1;
    user.events.splice(0, count);
    this.inMemory -= count;
  }
}

function place(users: Set<UserBehind>, user: UserBehind, belongs: boolean): void {
  if (belongs) users.add(user);
  else users.delete(user);
}

/** The seq up to which a user's events are published or in memory without gap; undefined while the position is unknown. */
function endOfRun({ published, events }: UserBehind): number | undefined {
  if (published === undefined) return undefined;
  const first = events[0]?.seq;
  const last = events.at(-1)?.seq;
  if (first === undefined || last === undefined || first > published + 1) return published;
  if (last - first === events.length - 1) return last;
  const gap = events.findIndex(({ seq }, index) => seq !== first + index);
  return first + gap - 1;
}
