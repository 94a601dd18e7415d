import type { CommittedEvent } from './event.js';

/** Events by user, each user's in the order in which they came. */
export function groupByUser(events: readonly CommittedEvent[]): Map<string, CommittedEvent[]> {
  const groups = new Map<string, CommittedEvent[]>();
  for (const event of events) {
    const group = groups.get(event.user_id);
    if (group) group.push(event);
    else groups.set(event.user_id, [event]);
  }
  return groups;
}

/**
 * The events of one user that come right after a place in that user's order.
 * @param events in any order, some perhaps twice or long known
 * @returns them in the order of `seq`, or null when one before the last of them is missing
 */
export function eventsAfter(seq: number, events: readonly CommittedEvent[]): CommittedEvent[] | null {
  const next: CommittedEvent[] = [];
  let place = seq;
  for (const event of events.toSorted((a, b) => a.seq - b.seq)) {
    if (event.seq <= place) continue;
    if (event.seq > place + 1) return null;
    next.push(event);
    place = event.seq;
  }
  return next;
}
