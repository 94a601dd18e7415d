import type { RoleName } from './role.js';

/**
 * What each role's app is called when it runs by itself. Actor state and reminders are kept under the app id, so the app
 * that hosts actors has the same in every shape.
 */
const ownIds: Readonly<Record<RoleName, string>> = {
  actors: 'todo-chatbot',
  gateway: 'todo-gateway',
  audit: 'todo-audit',
  notification: 'todo-notification',
  recurrence: 'todo-recurrence',
  websocket: 'todo-websocket',
};

/** The app id of a process that runs these roles. */
export function appIdOf(roles: readonly RoleName[]): string {
  const [first = 'actors'] = roles;
  return roles.includes('actors') ? ownIds.actors : ownIds[first];
}

/** Which app a process that runs these roles asks for each role: itself for its own. */
export function appIdsFrom(roles: readonly RoleName[]): (role: RoleName) => string {
  const own = appIdOf(roles);
  return (role) => (roles.includes(role) ? own : ownIds[role]);
}
