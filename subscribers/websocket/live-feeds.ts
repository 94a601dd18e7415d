import type { CommittedEvent } from '../../domain/events/event.js';
import type { LiveConnection } from './live-connection.js';

/** The open connections, by user: an event reaches those of its own user and no others. */
export class LiveFeeds {
  private readonly byUser = new Map<string, Set<LiveConnection>>();
  size = 0;

  sizeOf(userId: string): number {
    return this.byUser.get(userId)?.size ?? 0;
  }

  userIds(): string[] {
    return [...this.byUser.keys()];
  }

  /** @returns how to leave */
  join(userId: string, connection: LiveConnection): () => void {
    const connections = this.byUser.get(userId) ?? new Set();
    this.byUser.set(userId, connections.add(connection));
    this.size += 1;
    return () => {
      if (connections.delete(connection)) this.size -= 1;
      if (connections.size === 0 && this.byUser.get(userId) === connections) this.byUser.delete(userId);
    };
  }

  take(event: CommittedEvent): void {
    for (const connection of this.byUser.get(event.user_id) ?? []) connection.take(event);
  }

  /** Takes note that a user's events up to `seq` exist. */
  hearOf(userId: string, seq: number): void {
    for (const connection of this.byUser.get(userId) ?? []) connection.hearOf(seq);
  }
}
