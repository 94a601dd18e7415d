import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createAppDoor } from './app-door.js';
import { openAuth } from './auth/open-auth.js';
import type { Config } from './config.js';
import { SidecarClient } from './dapr-client.js';
import { obtainDapr } from './dapr/obtain.js';
import { newDaprTokens, startControlPlane } from './dapr/start.js';
import { openDataDir } from './data-dir.js';
import type { Lifecycle } from './lifecycle.js';
import { startEmbeddedPostgres } from './postgres/embedded.js';
import { migrate } from './postgres/migrate.js';
import { createPool } from './postgres/pool.js';
import { checkServer } from './postgres/server-check.js';
import { createSupervisor } from './processes/supervisor.js';
import type { Progress } from './progress.js';
import { createPublicDoor } from './public-door.js';
import type { RoleContext, StartedRole } from './role.js';
import { roles } from './roles.js';
import type { Child, Supervisor } from './supervision.js';

/** Actor state and reminders are kept under the app id: the app that hosts actors is called this in every shape. */
const appId = 'todo-chatbot';
const demoTokenSeconds = 30 * 24 * 3600;
const mostConnections = 40;

export interface SystemOptions {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly progress: Progress;
}

export interface System {
  /** Where people reach it. */
  readonly url: string;
  /** A token of the user `demo`; null where tokens come from another issuer. */
  readonly demoToken: string | null;
}

/**
 * Starts everything on this machine, each part when what it needs is up, and says how each is closed again. Resolves when
 * a command would succeed.
 */
export async function startSystem({ config, env, lifecycle, log, progress }: SystemOptions): Promise<System> {
  const began = performance.now();
  const dataDir = await openDataDir(config.dataDir);
  lifecycle.opened('DATA_DIR', () => dataDir.close());

  // A stop cuts these short, and waits until they have tidied up.
  let underWay: Promise<unknown> = Promise.resolve();
  lifecycle.opened('what was being started', async () => {
    await underWay;
  });

  const supervisor = createSupervisor({ log, onFatal: (error) => lifecycle.fail(error) });
  lifecycle.opened('the child processes', () => supervisor.stop(), {
    limitMs: 9_000,
    atOnce: () => supervisor.killAll(),
  });

  /** Everything that runs beside this process: the system is not whole while one of them is down. */
  const children: Child[] = [];
  const databaseStarted = startDatabase({ config, supervisor, lifecycle, log, progress, children });
  const daprStarted = (async () => {
    const programs = await obtainDapr({ env, progress, signal: lifecycle.stopping });
    const step = progress.step('Dapr placement and scheduler');
    const plane = await startControlPlane({ supervisor, programs, dataDir: dataDir.path });
    children.push(plane.placement, plane.scheduler);
    step.done();
    return plane;
  })();
  underWay = Promise.allSettled([databaseStarted, daprStarted]);
  const [databaseUrl, controlPlane] = await Promise.all([databaseStarted, daprStarted]);

  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const pool = createPool(databaseUrl, { max: mostConnections, applicationName: 'todo-chatbot', log });
  lifecycle.opened('the database connections', () => pool.end());

  const auth = await openAuth(config);
  const tokens = newDaprTokens();
  const appDoor = createAppDoor({ appToken: tokens.app, log, metrics });
  const publicDoor = createPublicDoor();
  const dapr = new SidecarClient({ apiToken: tokens.api, appIdOf: () => appId });
  let isStarted = false;
  const context: RoleContext = {
    config,
    log,
    metrics,
    pool,
    dapr,
    tokens: auth.tokens,
    publicDoor,
    appDoor,
    isReady: async () =>
      isStarted && !lifecycle.stopping.aborted && children.every((child) => child.isReady) && (await dapr.isReady()),
  };
  const started = new Map<string, StartedRole>();
  for (const name of config.roles) started.set(name, await (await roles[name]())(context));

  const appPort = await appDoor.listen();
  lifecycle.opened("daprd's door", async () => {
    await appDoor.drain();
    await appDoor.close();
  });

  const step = progress.step('Dapr sidecar');
  const sidecar = await controlPlane.startSidecar({
    appId,
    appPort,
    tokens,
    secrets: { 'database-url': databaseUrl },
  });
  children.push(sidecar.daprd);
  lifecycle.opened('the sidecar', () => sidecar.daprd.stop());
  await dapr.connect(sidecar.httpPort);
  lifecycle.opened('the connections to the sidecar', () => dapr.stop());
  step.done();

  // A stop goes from the outside to the inside: no new requests, then the work under way, then what it works on.
  const closing = (name: string) => async () => started.get(name)?.stop();
  lifecycle.opened('the actors', closing('actors'));
  lifecycle.opened('the audit log', closing('audit'));
  const url = await publicDoor.listen(config.port, config.host);
  lifecycle.opened('the public door', () => publicDoor.close());
  lifecycle.opened('the live feeds', closing('websocket'));
  lifecycle.opened('the gateway', closing('gateway'));

  isStarted = true;
  dataDir.announce(url);
  progress.note(`ready after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const demoToken = await auth.issueToken?.({ user: 'demo', expiresInSeconds: demoTokenSeconds });
  return { url, demoToken: demoToken ?? null };
}

interface DatabaseOptions extends Omit<SystemOptions, 'env'> {
  readonly supervisor: Supervisor;
  readonly children: Child[];
}

/** @returns the URL of the database, with its schema up to date */
async function startDatabase({
  config,
  supervisor,
  lifecycle,
  log,
  progress,
  children,
}: DatabaseOptions): Promise<string> {
  const step = progress.step('PostgreSQL');
  let url = config.databaseUrl;
  if (url === undefined) {
    step.update('embedded, in DATA_DIR');
    const { dataDir } = config;
    const postgres = await startEmbeddedPostgres({ dataDir, supervisor, log, signal: lifecycle.stopping });
    children.push(postgres.child);
    url = postgres.url;
  } else {
    await checkServer(url);
  }
  const done = await migrate(url, log);
  step.done(done.length > 0 ? `${done.length} migrations carried out` : '');
  return url;
}
