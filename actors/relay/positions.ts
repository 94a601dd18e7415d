import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { LRUCache } from 'lru-cache';
import type { CommittedEvent } from '../../domain/events/event.js';
import { advancePositions, readPositions } from './sql/positions.js';

/** How many users' positions are remembered. */
const mostRemembered = 50_000;
/** Positions are written this long after the publishing they tell of; what a crash forgets is published once more. */
const delayMs = 200;

/** How far each user's events are published: remembered, read on need, and written a little later. */
export class Positions {
  private readonly remembered = new LRUCache<string, number>({ max: mostRemembered });
  private readonly unsaved = new Map<string, number>();
  private saving: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    private readonly log: Logger,
  ) {}

  /** The seq of a user's last published event, where it is known without asking the database. */
  get(userId: string): number | undefined {
    return this.remembered.get(userId) ?? this.unsaved.get(userId);
  }

  /** The same of several users, from the database where need be; 0: nothing of that user is published. */
  async read(userIds: readonly string[]): Promise<Map<string, number>> {
    const unknown = userIds.filter((userId) => this.get(userId) === undefined);
    const read = unknown.length === 0 ? [] : await readPositions(this.pool, unknown);
    const found = new Map(read.map(({ user_id, published_seq }) => [user_id, published_seq]));
    for (const userId of unknown) {
      if (this.get(userId) === undefined) this.remembered.set(userId, found.get(userId) ?? 0);
    }
    return new Map(userIds.map((userId) => [userId, this.get(userId) ?? found.get(userId) ?? 0]));
  }

  /** Takes note of what was published. */
  moved(events: readonly CommittedEvent[]): void {
    for (const { user_id, seq } of events) {
      const furthest = Math.max(seq, this.get(user_id) ?? 0);
      this.remembered.set(user_id, furthest);
      this.unsaved.set(user_id, furthest);
    }
    if (events.length === 0) return;
    this.saving ??= setTimeout(() => {
      this.save().catch((error: unknown) => {
        this.log.warn({ err: error }, 'positions could not be written; they are kept for the next time');
      });
    }, delayMs);
  }

  /** Writes what has moved, after what is being written. */
  save(): Promise<void> {
    clearTimeout(this.saving);
    this.saving = undefined;
    this.writing = this.writing.catch(() => undefined).then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<void> {
    if (this.unsaved.size === 0) return;
    const positions = [...this.unsaved].map(([user_id, published_seq]) => ({ user_id, published_seq }));
    this.unsaved.clear();
    try {
      await advancePositions(this.pool, positions);
    } catch (error) {
      for (const { user_id, published_seq } of positions) {
        if (!this.unsaved.has(user_id)) this.unsaved.set(user_id, published_seq);
      }
      throw error;
    }
  }
}
