import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child, Supervisor } from '../supervision.js';
import { loopback, startOnFreePorts } from './ports.js';
import type { DaprPrograms } from './programs.js';
import { daprdReady, healthy, until } from './readiness.js';
import { localComponents, makeSidecarsFolder, resourcePaths, type Secrets, writeResources } from './resources.js';
import { takeLeadership } from './scheduler-leadership.js';

/** What daprd and the app show each other on every call. */
export interface DaprTokens {
  /** The app to daprd: header `dapr-api-token`. */
  readonly api: string;
  /** daprd to the app, in the same header. */
  readonly app: string;
}

/** Tokens that hold for one start. */
export function newDaprTokens(): DaprTokens {
  return { api: randomBytes(32).toString('base64url'), app: randomBytes(32).toString('base64url') };
}

export interface ControlPlaneOptions {
  readonly supervisor: Supervisor;
  readonly programs: DaprPrograms;
  /** Absolute path. Reminders are kept in `scheduler/` of it. */
  readonly dataDir: string;
  /** Dapr's words: debug, info, warn or error. */
  readonly logLevel?: string;
}

export interface SidecarOptions {
  /** What it is called in the log; by default `daprd`, with a number from the second on. */
  readonly name?: string;
  readonly appId: string;
  /** The app must be listening there, on loopback: daprd asks it at once for its actor types and subscriptions. */
  readonly appPort: number;
  readonly tokens: DaprTokens;
  /** Where it serves; by default on a free port. */
  readonly httpPort?: number;
  readonly secrets: Secrets;
  /** Paths in `dapr-components/`; by default those of one machine. */
  readonly components?: readonly string[];
}

export interface Sidecar {
  readonly daprd: Child;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly metricsPort: number;
}

export interface ControlPlane {
  readonly placement: Child;
  readonly scheduler: Child;
  /** Starts a sidecar on this placement and scheduler; resolves when it serves and the app's actors are placed. */
  startSidecar(options: SidecarOptions): Promise<Sidecar>;
}

export interface RunningDapr extends Sidecar {
  readonly apiToken: string;
  readonly appApiToken: string;
  readonly placement: Child;
  readonly scheduler: Child;
  /** Starts one more sidecar, of the same app unless told otherwise, with tokens and components as the first one has. */
  startSidecar(options: Partial<SidecarOptions> & Pick<SidecarOptions, 'appPort'>): Promise<Sidecar>;
}

/** Starts placement, scheduler and a sidecar, in this order; resolves when an actor call would succeed. */
export async function startDapr(options: ControlPlaneOptions & SidecarOptions): Promise<RunningDapr> {
  const { placement, scheduler, startSidecar } = await startControlPlane(options);
  const sidecar = await startSidecar(options);
  return {
    ...sidecar,
    apiToken: options.tokens.api,
    appApiToken: options.tokens.app,
    placement,
    scheduler,
    startSidecar: (more) => startSidecar({ ...options, ...more }),
  };
}

/**
 * Starts placement and scheduler. They need neither app nor database, so they may come up beside those.
 * All their ports are on loopback (but for the two health ports of the official release, whose flag for it does nothing).
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const folder = await makeSidecarsFolder(options.dataDir);
  const [placement, scheduler] = await Promise.all([startPlacement(options), startScheduler(options)]);
  const servers: Servers = { folder, placement: placement.ports.api, scheduler: scheduler.ports.api };
  let sidecars = 0;
  return {
    placement: placement.child,
    scheduler: scheduler.child,
    startSidecar: (sidecar) => {
      const number = ++sidecars;
      return startSidecar(sidecar.name ?? (number === 1 ? 'daprd' : `daprd-${number}`), options, servers, sidecar);
    },
  };
}

function startPlacement({ supervisor, programs, logLevel = 'warn' }: ControlPlaneOptions) {
  return startOnFreePorts(supervisor, ['api', 'health', 'raft'], (ports) => ({
    name: 'placement',
    command: programs.placement,
    args: [
      ...listen(ports.api, ports.health, logLevel),
      // The raft of one: who owns which actor is learned anew from the sidecars, so nothing is kept.
      ...['--id', 'placement', '--initial-cluster', `placement=${loopback}:${ports.raft}`],
      // How long it waits for more sidecars before it tells all of them who hosts what: the least that it takes.
      ...['--disseminate-timeout', '1s'],
    ],
    env: {},
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 2_000,
    ready: (signal) => healthy(ports.health, signal),
  }));
}

async function startScheduler({ supervisor, programs, dataDir, logLevel = 'warn' }: ControlPlaneOptions) {
  const folder = join(dataDir, 'scheduler');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let life: string | undefined;
  return await startOnFreePorts(supervisor, ['api', 'health', 'etcd', 'peer'], (ports) => ({
    name: 'scheduler',
    command: programs.scheduler,
    args: [
      ...listen(ports.api, ports.health, logLevel),
      ...['--etcd-data-dir', folder, '--etcd-client-port', String(ports.etcd)],
      // Other ports than the last time are no matter to the etcd of one: it has no peer that would look for it.
      ...['--id', 'scheduler', '--etcd-initial-cluster', `scheduler=http://${loopback}:${ports.peer}`],
      ...['--override-broadcast-host-port', `${loopback}:${ports.api}`],
      // Alone it need not wait a second for others that might be the leader.
      '--etcd-initial-election-tick-advance=true',
    ],
    env: {},
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 4_000,
    ready: async (signal) => {
      await healthy(ports.health, signal);
      // Its health says nothing of this: only who leads takes and fires reminders.
      const last = life;
      await until(signal, async (within) => {
        life = await takeLeadership(ports.etcd, `${loopback}:${ports.api}`, last, within);
        return life !== undefined;
      });
    },
  }));
}

/** Flags that placement and scheduler have in common. Their metrics would listen on every interface: they are off. */
function listen(port: number, healthPort: number, logLevel: string): string[] {
  return [
    ...['--listen-address', loopback, '--port', String(port)],
    ...['--healthz-listen-address', loopback, '--healthz-port', String(healthPort)],
    ...['--enable-metrics=false', '--log-level', logLevel],
  ];
}

/** A placement and a scheduler that run, whoever started them. */
export interface Servers {
  /** Holds a folder for each sidecar, and the names by which they find each other. */
  readonly folder: string;
  readonly placement: number;
  readonly scheduler: number;
}

/**
 * Starts a sidecar on a placement and a scheduler that run; resolves when it serves and the app's actors are placed.
 * @param name of the sidecar's folder, which is made
 */
export async function startSidecar(
  name: string,
  { supervisor, programs, logLevel = 'warn' }: Omit<ControlPlaneOptions, 'dataDir'>,
  servers: Servers,
  { appId, appPort, tokens, httpPort, secrets, components = localComponents }: SidecarOptions,
): Promise<Sidecar> {
  const folder = join(servers.folder, name);
  await writeResources(folder, components, secrets);
  const { child, ports } = await startOnFreePorts(
    supervisor,
    ['http', 'grpc', 'internal', 'metrics'],
    (ports) => ({
      name,
      command: programs.daprd,
      cwd: folder,
      args: [
        ...['--app-id', appId, '--app-channel-address', loopback, '--app-port', String(appPort)],
        ...['--dapr-listen-addresses', loopback],
        ...['--dapr-http-port', String(ports.http), '--dapr-grpc-port', String(ports.grpc)],
        ...['--dapr-internal-grpc-listen-address', loopback, '--dapr-internal-grpc-port', String(ports.internal)],
        ...['--metrics-listen-address', loopback, '--metrics-port', String(ports.metrics)],
        ...['--placement-host-address', `${loopback}:${servers.placement}`],
        ...['--scheduler-host-address', `${loopback}:${servers.scheduler}`],
        ...['--resources-path', resourcePaths.components, '--config', resourcePaths.configuration],
        ...appHealthFlags,
        ...['--dapr-graceful-shutdown-seconds', '2', '--log-level', logLevel],
      ],
      env: {
        DAPR_HOST_IP: loopback,
        DAPR_API_TOKEN: tokens.api,
        APP_API_TOKEN: tokens.app,
        // By default daprd takes any component that some program offers on a socket in a shared temporary folder.
        DAPR_COMPONENTS_SOCKETS_FOLDER: join(folder, 'sockets'),
      },
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 4_000,
      ready: (signal) => daprdReady(ports.http, tokens.api, signal),
    }),
    { http: httpPort },
  );
  return { daprd: child, httpPort: ports.http, grpcPort: ports.grpc, metricsPort: ports.metrics };
}

/**
 * daprd calls nothing of an app that is not healthy, and takes back its actors and subscriptions. It counts failed probes
 * and forgets them only when the app comes back (Dapr 1.16, pkg/apphealth), so a few slow answers in weeks add up: hence
 * five, at the shortest interval there is.
 */
const appHealthFlags = [
  '--enable-app-health-check',
  ...['--app-health-check-path', '/healthz', '--app-health-probe-interval', '1'],
  ...['--app-health-probe-timeout', '900', '--app-health-threshold', '5'],
];
