import { createHash } from 'node:crypto';

/** The lanes that a process publishes, of all there are. */
export interface HeldLanes {
  readonly held: ReadonlySet<number>;
  readonly of: number;
}

/**
 * The lane of a user, from 0 on: by a hash, so that lanes are of like size. `find-users-behind` computes the same in SQL.
 * @param lanes how many there are, 256 at most
 */
export function laneOf(userId: string, lanes: number): number {
  return (createHash('sha256').update(userId).digest()[0] ?? 0) % lanes;
}

/** True when a user's events are published by whoever holds these lanes. */
export function includesUser({ held, of }: HeldLanes, userId: string): boolean {
  return held.size === of || (held.size > 0 && held.has(laneOf(userId, of)));
}
