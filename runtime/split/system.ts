import { join } from 'node:path';
import { appIdOf } from '../app-ids.js';
import { openAuth } from '../auth/open-auth.js';
import { freePorts, loopback } from '../dapr/ports.js';
import { healthy, until } from '../dapr/readiness.js';
import { sidecarResources } from '../dapr/resources.js';
import { newDaprTokens } from '../dapr/start.js';
import { obtainKafka } from '../kafka/obtain.js';
import { startKafka } from '../kafka/start.js';
import { packageRoot } from '../package-root.js';
import { startPlatform, type Platform, type PlatformOptions } from '../platform.js';
import { demoTokenSeconds, type Program } from '../program.js';
import type { Child } from '../supervision.js';
import { createFrontDoor } from './front-door.js';
import { members, type Member } from './members.js';

/** A member that runs, with its sidecar. */
interface Running {
  readonly member: Member;
  readonly publicPort: number;
  readonly app: Child;
  readonly daprd: Child;
}

/** Starts each role as a process of its own beside a sidecar of its own, on Kafka. Resolves when a command would succeed. */
export async function startSplitSystem(options: PlatformOptions): Promise<Program> {
  const { config, lifecycle, progress } = options;
  const platform = await startPlatform({
    ...options,
    async startBroker({ dataDir, supervisor, children }) {
      const program = await obtainKafka({ env: options.env, progress, signal: lifecycle.stopping });
      const step = progress.step('Kafka');
      const kafka = await startKafka({ supervisor, program, dataDir: dataDir.path, signal: lifecycle.stopping });
      children.push(kafka.child);
      step.done();
      return kafka.brokers;
    },
  });

  const { issueToken } = await openAuth(config);
  const running = await Promise.all(members.map((member) => startMember(member, options, platform)));
  lifecycle.opened('the sidecars', async () => {
    await Promise.all(running.map(({ daprd }) => daprd.stop()));
  });
  // From the outside to the inside: what people reach, then what that asks.
  for (const isReached of [false, true]) {
    lifecycle.opened(isReached ? 'the gateway and the live feeds' : 'the actors and subscribers', async () => {
      const some = running.filter(
        ({ member }) => reachedRoles.some((role) => member.roles.includes(role)) === isReached,
      );
      await Promise.all(some.map(({ app }) => app.stop()));
    });
  }

  const portsOf = (role: string) =>
    running.filter(({ member }) => member.roles.some((own) => own === role)).map(({ publicPort }) => publicPort);
  const [gateway = 0] = portsOf('gateway');
  const door = createFrontDoor({ gateway, websocket: portsOf('websocket') });
  const step = progress.step('a command would succeed');
  await until(lifecycle.stopping, async (within) => {
    const answer = await fetch(`http://${loopback}:${gateway}/readyz`, { signal: within });
    await answer.arrayBuffer();
    return answer.ok;
  });
  step.done();
  const url = await door.listen(config.port, config.host);
  lifecycle.opened('the front door', () => door.close());
  platform.dataDir.announce(url);
  const demoToken = await issueToken?.({ user: 'demo', expiresInSeconds: demoTokenSeconds });
  return { url, metricsUrl: undefined, demoToken: demoToken ?? null };
}

const reachedRoles = ['gateway', 'websocket'] as const;

async function startMember(
  member: Member,
  { config, env, progress }: PlatformOptions,
  { supervisor, dataDir, databaseUrl, kafka, controlPlane }: Platform,
): Promise<Running> {
  const { name, roles } = member;
  const step = progress.step(name);
  const [appPort = 0, publicPort = 0, httpPort = 0] = await freePorts(3);
  const tokens = newDaprTokens();
  const sidecars: Child[] = [];
  const app = await supervisor.start({
    name,
    command: process.execPath,
    args: ['--enable-source-maps', join(packageRoot, 'dist/runtime/main.js')],
    env: {
      ...settingsOf(env),
      ROLES: roles.join(),
      HOST: loopback,
      PORT: String(publicPort),
      METRICS_PORT: '0',
      DATA_DIR: dataDir.path,
      DATABASE_URL: databaseUrl,
      ...(kafka && { KAFKA_BROKERS: kafka.brokers }),
      ...(config.clockFile !== undefined && { CLOCK_FILE: config.clockFile }),
      LOG_LEVEL: config.logLevel,
      APP_PORT: String(appPort),
      DAPR_HTTP_PORT: String(httpPort),
      DAPR_API_TOKEN: tokens.api,
      APP_API_TOKEN: tokens.app,
    },
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 5_000,
    onLine: (line) => process.stderr.write(`[${name}] ${line}\n`),
    // The sidecar of a host that died would keep its actors until the host is there again, or five looks after it have
    // failed. Placement gives those of a sidecar that is gone to the other host at once.
    beforeStart: () => {
      for (const { pid } of roles.includes('actors') ? sidecars : [])
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
      return Promise.resolve();
    },
    ready: (signal) => healthy(appPort, signal),
  });
  const sidecar = await controlPlane.startSidecar({
    name: `daprd-${name}`,
    appId: appIdOf(roles),
    appPort,
    httpPort,
    tokens,
    ...sidecarResources({ databaseUrl, kafka }),
  });
  sidecars.push(sidecar.daprd);
  step.done();
  return { member, publicPort, app, daprd: sidecar.daprd };
}

/** What the members take over of the environment: settings that hold for all, and where programs are found. */
function settingsOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const isTaken = /^(?:PATH|PUBLIC_URL|MAIL_FROM|SMTP_URL|(?:AUTH|KAFKA|VAPID|WEBHOOK)_.*)$/;
  const taken = Object.entries(env).filter(([name]) => isTaken.test(name));
  return Object.fromEntries(taken.map(([name, value]) => [name, value ?? '']));
}
