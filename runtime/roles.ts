import type { RoleName, StartRole } from './role.js';

/** Every role of the program. A process loads only those it runs. */
export const roles: Readonly<Record<RoleName, () => Promise<StartRole>>> = {
  actors: async () => (await import('../actors/role.js')).startActors,
  audit: async () => (await import('../subscribers/audit/role.js')).startAudit,
  notification: async () => (await import('../subscribers/notification/role.js')).startNotification,
  recurrence: async () => (await import('../subscribers/recurrence/role.js')).startRecurrence,
  websocket: async () => (await import('../subscribers/websocket/role.js')).startWebSocket,
  gateway: async () => (await import('../gateway/role.js')).startGateway,
};
