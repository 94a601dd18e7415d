import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import type { CommittedEvent } from '../../domain/events/event.js';
import { eventsAfter, groupByUser } from '../../domain/events/in-order.js';
import { chain, firstHash, type AuditEntry } from './entry.js';
import { appendEntries } from './sql/append-entries.js';
import { readHeads, type Head } from './sql/read-entries.js';

const mostHeads = 50_000;
const pageSize = 200;

/** Reads a user's events after a place in the user's order, the next ones first. */
export type EventSource = (userId: string, after: number, limit: number) => Promise<readonly CommittedEvent[]>;

/**
 * Appends events to the log: each user's without gap and each once, whatever is delivered again, late or not at all.
 * One batch is worked on at a time.
 */
export class AuditLog {
  private readonly heads = new LRUCache<string, Head>({ max: mostHeads });
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    private readonly source: EventSource,
  ) {}

  /** Resolves once all the events, and all before them, are in the log. */
  append(events: readonly CommittedEvent[]): Promise<void> {
    return this.inTurn(async () => {
      const byUser = groupByUser(events);
      await this.learnHeads([...byUser.keys()]);
      const entries: AuditEntry[] = [];
      for (const [userId, userEvents] of byUser) {
        const head = this.headOf(userId);
        const next = eventsAfter(head.seq, userEvents);
        if (next) entries.push(...chain(next, head.hash));
        else await this.fill(userId, Math.max(...userEvents.map((event) => event.seq)));
      }
      await this.write(entries);
    });
  }

  /** Brings the log of each of the users up to the seq given. */
  catchUp(users: readonly { readonly user_id: string; readonly seq: number }[]): Promise<void> {
    return this.inTurn(async () => {
      await this.learnHeads(users.map((user) => user.user_id));
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
        // Another process may have written, or it is not known what was: read the heads again.
        this.heads.clear();
        throw error;
      });
    this.last = result;
    return result;
  }

  private async fill(userId: string, seq: number): Promise<void> {
    for (let head = this.headOf(userId); head.seq < seq; head = this.headOf(userId)) {
      const events = eventsAfter(head.seq, await this.source(userId, head.seq, pageSize));
      if (!events || events.length === 0) {
        throw new Error(`the events after seq ${head.seq} of a user are missing at their source`);
      }
      await this.write(chain(events, head.hash));
    }
  }

  private async write(entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await appendEntries(this.pool, entries);
    for (const { event, hash } of entries) this.heads.set(event.user_id, { seq: event.seq, hash });
  }

  private headOf(userId: string): Head {
    return this.heads.get(userId) ?? { seq: 0, hash: firstHash };
  }

  private async learnHeads(userIds: readonly string[]): Promise<void> {
    const unknown = userIds.filter((userId) => !this.heads.has(userId));
    if (unknown.length === 0) return;
    for (const [userId, head] of await readHeads(this.pool, unknown)) this.heads.set(userId, head);
  }
}
