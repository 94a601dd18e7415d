import { LRUCache } from 'lru-cache';
import { TodoError } from '../../domain/errors.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { eventsAfter, groupByUser } from '../../domain/events/in-order.js';
import type { AuditAccess } from './access.js';
import { chain, firstHash, type AuditEntry } from './entry.js';
import { newDataKey } from './seal.js';
import { appendEntries, type UsedKey } from './sql/append-entries.js';
import { readChainEnds, type ChainEnd, type Head } from './sql/read-entries.js';

const mostEnds = 50_000;
const pageSize = 200;

/** Reads a user's events after a place in the user's order, the next ones first. */
export type EventSource = (userId: string, after: number, limit: number) => Promise<readonly CommittedEvent[]>;

/**
 * Appends events to the log: each user's without gap and each once, whatever is delivered again, late or not at all.
 * One batch is worked on at a time.
 */
export class AuditLog {
  private readonly ends = new LRUCache<string, ChainEnd>({ max: mostEnds });
  private last: Promise<unknown> = Promise.resolve();

  /** @param appended told how far a user's chain has come, once that is durable */
  constructor(
    private readonly access: Pick<AuditAccess, 'writer'>,
    private readonly source: EventSource,
    private readonly appended: (userId: string, head: Head) => void = () => undefined,
  ) {}

  /**
   * Resolves once all the events, and all before them, are in the log.
   * @throws TodoError `conflict` when there are none before one of them: it is not committed where the others are
   */
  append(events: readonly CommittedEvent[]): Promise<void> {
    return this.inTurn(async () => {
      const byUser = groupByUser(events);
      await this.learnEnds([...byUser.keys()]);
      const batch = new Batch();
      for (const [userId, userEvents] of byUser) {
        const next = eventsAfter(this.seqOf(userId), userEvents);
        if (next) batch.add(userId, next, this.ends.get(userId));
        else await this.fill(userId, Math.max(...userEvents.map((event) => event.seq)));
      }
      await this.write(batch);
    });
  }

  /** Brings the log of each of the users up to the seq given. */
  catchUp(users: readonly { readonly user_id: string; readonly seq: number }[]): Promise<void> {
    return this.inTurn(async () => {
      await this.learnEnds(users.map((user) => user.user_id));
      for (const { user_id, seq } of users) await this.fill(user_id, seq);
    });
  }

  /** Resolves when all the work given so far has ended. */
  async idle(): Promise<void> {
    await this.last.catch(() => undefined);
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.last
      .catch(() => undefined)
      .then(work)
      .catch((error: unknown) => {
        // Another process may have written, a user may have been forgotten, or it is not known what was: read again.
        this.ends.clear();
        throw error;
      });
    this.last = result;
    return result;
  }

  private async fill(userId: string, seq: number): Promise<void> {
    for (let from = this.seqOf(userId); from < seq; from = this.seqOf(userId)) {
      const events = eventsAfter(from, await this.source(userId, from, pageSize));
      if (!events || events.length === 0) {
        // An event is published after it is committed: asking again would not help. A backup may have taken its place.
        throw new TodoError('conflict', `No event after seq ${from} is committed, but an event after it was received.`);
      }
      const batch = new Batch();
      batch.add(userId, events, this.ends.get(userId));
      await this.write(batch);
    }
  }

  private async write({ entries, keys }: Batch): Promise<void> {
    if (entries.length === 0) return;
    await appendEntries(this.access.writer, entries, keys);
    const keyOf = new Map(keys.map(({ userId, key }) => [userId, key]));
    for (const { event, hash } of entries) {
      const head = { seq: event.seq, hash };
      this.ends.set(event.user_id, { head, key: keyOf.get(event.user_id) ?? null });
      this.appended(event.user_id, head);
    }
  }

  private seqOf(userId: string): number {
    return this.ends.get(userId)?.head?.seq ?? 0;
  }

  private async learnEnds(userIds: readonly string[]): Promise<void> {
    const unknown = userIds.filter((userId) => !this.ends.has(userId));
    if (unknown.length === 0) return;
    const ends = await readChainEnds(this.access.writer, unknown);
    for (const [userId, end] of ends) this.ends.set(userId, end);
  }
}

/** What is written in one go. */
class Batch {
  readonly entries: AuditEntry[] = [];
  readonly keys: UsedKey[] = [];

  add(userId: string, events: readonly CommittedEvent[], end: ChainEnd | undefined): void {
    if (events.length === 0) return;
    const key = end?.key ?? newDataKey();
    this.keys.push({ userId, key, isNew: !end?.key });
    this.entries.push(...chain(events, end?.head?.hash ?? firstHash, key));
  }
}
