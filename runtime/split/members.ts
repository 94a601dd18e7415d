import type { RoleName } from '../role.js';

/** A process of the split shape. */
export interface Member {
  readonly name: string;
  readonly roles: readonly RoleName[];
}

/**
 * Each role in a process of its own, and two of those that have to prove that they share their work: hosts of actors, and
 * live feeds. In the order of their start.
 */
export const members: readonly Member[] = [
  { name: 'actors-1', roles: ['actors'] },
  { name: 'actors-2', roles: ['actors'] },
  { name: 'audit', roles: ['audit'] },
  { name: 'notification', roles: ['notification'] },
  { name: 'recurrence', roles: ['recurrence'] },
  { name: 'websocket-1', roles: ['websocket'] },
  { name: 'websocket-2', roles: ['websocket'] },
  { name: 'gateway', roles: ['gateway'] },
];
