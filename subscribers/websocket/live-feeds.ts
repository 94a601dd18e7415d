import type { CommittedEvent } from '../../domain/events/event.js';
import type { LiveConnection } from './live-connection.js';
import { toFrame } from './live-frame.js';

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

  forEach(visit: (connection: LiveConnection) => void): void {
    for (const connections of this.byUser.values()) connections.forEach(visit);
  }

  join(connection: LiveConnection): void {
    const { userId } = connection;
    const connections = this.byUser.get(userId) ?? new Set();
    this.byUser.set(userId, connections.add(connection));
    this.size += 1;
  }

  leave(connection: LiveConnection): void {
    const connections = this.byUser.get(connection.userId);
    if (!connections?.delete(connection)) return;
    this.size -= 1;
    if (connections.size === 0) this.byUser.delete(connection.userId);
  }

  take(event: CommittedEvent): void {
    const connections = this.byUser.get(event.user_id);
    if (!connections) return;
    const frame = toFrame(event);
    for (const connection of connections) connection.take(frame);
  }

  /** Takes note that a user's events up to `seq` exist. */
  hearOf(userId: string, seq: number): void {
    for (const connection of this.byUser.get(userId) ?? []) connection.hearOf(seq);
  }
}
