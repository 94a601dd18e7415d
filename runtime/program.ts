import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createAppDoor } from './app-door.js';
import { appIdsFrom } from './app-ids.js';
import { openAuth } from './auth/open-auth.js';
import { openClock } from './clock.js';
import type { Config } from './config.js';
import { SidecarClient } from './dapr-client.js';
import type { DaprTokens } from './dapr/start.js';
import { ensureTopics } from './kafka/topics.js';
import type { Lifecycle } from './lifecycle.js';
import { createOperatorDoor } from './operator-door.js';
import { createPool } from './postgres/pool.js';
import { createPublicDoor } from './public-door.js';
import { BrokerWatch } from './pubsub/broker-watch.js';
import { createBulkDeliveries } from './pubsub/bulk-deliveries.js';
import { EventSignatures } from './pubsub/event-signatures.js';
import type { Deliveries } from './pubsub/deliveries.js';
import { pubsubName } from './pubsub/publisher.js';
import { createSingleDeliveries } from './pubsub/single-deliveries.js';
import type { RoleContext, StartedRole } from './role.js';
import { roles } from './roles.js';

/** How long the token of the user `demo` holds. */
export const demoTokenSeconds = 30 * 24 * 3600;
const mostConnections = 40;

export interface ProgramOptions {
  readonly config: Config;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  /** Its schema is up to date. */
  readonly databaseUrl: string;
  readonly tokens: DaprTokens;
  /** Where daprd reaches this process; 0: on a free port. */
  readonly appPort: number;
  /** Called once this process listens for daprd; resolves when that serves. */
  readonly sidecar: (appPort: number) => Promise<{ readonly httpPort: number }>;
  /** True while everything that was started for it runs. */
  readonly isWhole: () => boolean;
}

export interface Program {
  /** Where people reach it. */
  readonly url: string;
  /** Where operators find `/metrics`; undefined: at `url`. */
  readonly metricsUrl: string | undefined;
  /** A token of the user `demo`; null where tokens come from another issuer. */
  readonly demoToken: string | null;
}

/** Starts the roles of this process beside a sidecar, and says how each part is closed again. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { config, lifecycle, log, databaseUrl, tokens } = options;
  const clock = openClock({ file: config.clockFile, log });
  lifecycle.opened('the clock', () => clock.close());
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const pool = createPool(databaseUrl, { max: mostConnections, applicationName: 'todo-chatbot', log });
  lifecycle.opened('the database connections', () => pool.end());

  const auth = await openAuth(config);
  const broker = config.kafka ? 'kafka' : 'in-memory';
  const signatures = new EventSignatures(pool);
  const dapr = new SidecarClient({ apiToken: tokens.api, appIdOf: appIdsFrom(config.roles), broker, signatures });
  const deliveries =
    broker === 'kafka'
      ? createBulkDeliveries({ log, metrics, signatures, bury: (letter) => dapr.bury(letter) })
      : createSingleDeliveries(log);
  const brokerWatch = watchBroker(config, { log, dapr, deliveries });
  lifecycle.opened('the look for the broker', async () => brokerWatch?.stop());
  const appDoor = createAppDoor({
    appToken: tokens.app,
    log,
    metrics,
    deliveries,
    sidecarBegan: () => brokerWatch?.sidecarBegan(),
  });
  const publicDoor = createPublicDoor();
  let isStarted = false;
  const context: RoleContext = {
    config,
    log,
    metrics,
    pool,
    dapr,
    clock,
    tokens: auth.tokens,
    publicDoor,
    appDoor,
    isReady: async () => isStarted && !lifecycle.stopping.aborted && options.isWhole() && (await dapr.isReady()),
  };
  const { metricsPort } = config;
  const operatorDoor =
    metricsPort === undefined ? undefined : createOperatorDoor({ metrics, isReady: context.isReady });
  const metricsUrl = await operatorDoor?.listen(metricsPort ?? 0, config.host);
  lifecycle.opened("the operators' door", async () => operatorDoor?.close());

  const started = new Map<string, StartedRole>();
  for (const name of config.roles) started.set(name, await (await roles[name]())(context));

  const appPort = await appDoor.listen(options.appPort);
  lifecycle.opened("daprd's door", async () => {
    await appDoor.drain();
    await appDoor.close();
  });
  const { httpPort } = await options.sidecar(appPort);
  await dapr.connect(httpPort);
  lifecycle.opened('the connections to the sidecar', () => dapr.stop());

  // A stop goes from the outside to the inside: no new requests, then the work under way, then what it works on.
  const closing = (name: string) => async () => started.get(name)?.stop();
  lifecycle.opened('the actors', closing('actors'));
  lifecycle.opened('the audit log', closing('audit'));
  lifecycle.opened('the notifications', closing('notification'));
  lifecycle.opened('the recurrence', closing('recurrence'));
  const url = await publicDoor.listen(config.port, config.host);
  lifecycle.opened('the public door', () => publicDoor.close());
  lifecycle.opened('the live feeds', closing('websocket'));
  lifecycle.opened('the gateway', closing('gateway'));

  isStarted = true;
  const demoToken = await auth.issueToken?.({ user: 'demo', expiresInSeconds: demoTokenSeconds });
  return { url, metricsUrl, demoToken: demoToken ?? null };
}

interface Watched {
  readonly log: Logger;
  readonly dapr: SidecarClient;
  readonly deliveries: Deliveries;
}

/** undefined where there is no broker. */
function watchBroker({ kafka, roles }: Config, { log, dapr, deliveries }: Watched): BrokerWatch | undefined {
  if (!kafka) return undefined;
  return new BrokerWatch({
    log,
    wanted() {
      const followed = deliveries.subscriptions().map(({ pubsubname }) => pubsubname);
      // Published through: by the relay, and by whoever may have to bury a message.
      return roles.includes('actors') || followed.length > 0 ? [pubsubName, ...new Set(followed)] : [];
    },
    loaded: () => dapr.components(),
    brokerAnswers: () => ensureTopics(kafka),
    endSidecar: () => dapr.endSidecar(),
  });
}
