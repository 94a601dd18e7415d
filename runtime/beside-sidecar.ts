import type { Logger } from 'pino';
import type { Config } from './config.js';
import { daprdReady } from './dapr/readiness.js';
import type { Lifecycle } from './lifecycle.js';
import { migrate } from './postgres/migrate.js';
import { checkServer } from './postgres/server-check.js';
import { startProgram, type Program } from './program.js';
import type { GivenSidecar } from './sidecar-settings.js';

export interface BesideSidecarOptions {
  readonly config: Config;
  readonly sidecar: GivenSidecar;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
}

/** Runs the roles of this process beside a sidecar that somebody else starts and keeps running, as in Kubernetes. */
export async function startBesideSidecar({ config, sidecar, lifecycle, log }: BesideSidecarOptions): Promise<Program> {
  const { databaseUrl = '' } = config;
  await checkServer(databaseUrl);
  await migrate(databaseUrl, log);
  return await startProgram({
    config,
    lifecycle,
    log,
    databaseUrl,
    tokens: sidecar.tokens,
    appPort: sidecar.appPort,
    isWhole: () => true,
    async sidecar() {
      // It begins when we listen, and may take as long as it needs.
      await daprdReady(sidecar.httpPort, sidecar.tokens.api, lifecycle.stopping);
      return sidecar;
    },
  });
}
