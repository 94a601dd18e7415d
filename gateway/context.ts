import type { Dapr, RoleContext } from '../runtime/role.js';

/** What the gateway needs. Of Dapr, only what carries out commands and asks other roles. */
export interface GatewayContext extends Pick<RoleContext, 'pool' | 'clock' | 'tokens' | 'log' | 'metrics' | 'isReady'> {
  readonly config: Pick<RoleContext['config'], 'metricsPort'> & {
    readonly notification: Pick<RoleContext['config']['notification'], 'allowsPrivateTargets'>;
  };
  readonly dapr: Pick<Dapr, 'command' | 'invoke'>;
  readonly publicDoor: Pick<RoleContext['publicDoor'], 'app'>;
}
