import type { RoleContext, StartedRole } from '../../runtime/role.js';

/** Follows what happens to tasks, for the series that they belong to. */
export function startRecurrence({ appDoor }: Pick<RoleContext, 'appDoor'>): StartedRole {
  appDoor.subscribe('recurrence', 'task-events', { receive: () => Promise.resolve(), catchUp: () => undefined });
  return { stop: () => Promise.resolve() };
}
