import type { RoleName, StartRole } from './role.js';

/** Every role of the program. A process loads only those it runs. */
export const roles: Readonly<Record<RoleName, () => Promise<StartRole>>> = {
  actors: async () => (await import('../actors/role.js')).startActors,
  audit: async () => (await import('../subscribers/audit/role.js')).startAudit,
  websocket: async () => (await import('../subscribers/websocket/role.js')).startWebSocket,
  gateway: async () => (await import('../gateway/role.js')).startGateway,
};
