import { appIdOf } from './app-ids.js';
import { sidecarResources } from './dapr/resources.js';
import { newDaprTokens } from './dapr/start.js';
import { startPlatform, type PlatformOptions } from './platform.js';
import { startProgram, type Program } from './program.js';

/**
 * Starts everything on this machine, each part when what it needs is up, and says how each is closed again. Resolves when
 * a command would succeed.
 */
export async function startSystem(options: PlatformOptions): Promise<Program> {
  const { config, lifecycle, log, progress } = options;
  const began = performance.now();
  const { dataDir, children, databaseUrl, kafka, controlPlane } = await startPlatform(options);
  const tokens = newDaprTokens();
  const program = await startProgram({
    config: { ...config, kafka },
    lifecycle,
    log,
    databaseUrl,
    tokens,
    appPort: 0,
    isWhole: () => children.every((child) => child.isReady),
    async sidecar(appPort) {
      const step = progress.step('Dapr sidecar');
      const appId = appIdOf(config.roles);
      const resources = sidecarResources({ databaseUrl, kafka });
      const sidecar = await controlPlane.startSidecar({ appId, appPort, tokens, ...resources });
      children.push(sidecar.daprd);
      lifecycle.opened('the sidecar', () => sidecar.daprd.stop());
      step.done();
      return sidecar;
    },
  });
  dataDir.announce(program.url);
  progress.note(`ready after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return program;
}
