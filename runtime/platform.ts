import type { Logger } from 'pino';
import type { Config } from './config.js';
import { obtainDapr } from './dapr/obtain.js';
import { startControlPlane, type ControlPlane } from './dapr/start.js';
import { openDataDir, type DataDir } from './data-dir.js';
import type { KafkaAccess } from './kafka/access.js';
import { ensureTopics } from './kafka/topics.js';
import type { Lifecycle } from './lifecycle.js';
import { startEmbeddedPostgres } from './postgres/embedded.js';
import { migrate } from './postgres/migrate.js';
import { checkServer } from './postgres/server-check.js';
import { createSupervisor, type ProcessSupervisor } from './processes/supervisor.js';
import type { Progress } from './progress.js';
import type { Child } from './supervision.js';

export interface PlatformOptions {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly progress: Progress;
  /** Starts the broker where none is set, and returns where it is; by default events stay within the process. */
  readonly startBroker?: (platform: Pick<Platform, 'dataDir' | 'supervisor' | 'children'>) => Promise<string>;
}

/** What the program runs on, on this machine. */
export interface Platform {
  readonly dataDir: DataDir;
  readonly supervisor: ProcessSupervisor;
  /** Everything that runs beside this process: the system is not whole while one of them is down. */
  readonly children: Child[];
  /** Its schema is up to date. */
  readonly databaseUrl: string;
  /** The topics are there; undefined: events stay within the process. */
  readonly kafka: KafkaAccess | undefined;
  readonly controlPlane: ControlPlane;
}

/** Starts what the program needs on this machine, side by side where it can be, and says how each is closed again. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { config, env, lifecycle, log, progress } = options;
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

  const children: Child[] = [];
  const databaseStarted = startDatabase(options, supervisor, children);
  const daprStarted = (async () => {
    const programs = await obtainDapr({ env, progress, signal: lifecycle.stopping });
    const step = progress.step('Dapr placement and scheduler');
    const plane = await startControlPlane({ supervisor, programs, dataDir: dataDir.path });
    children.push(plane.placement, plane.scheduler);
    step.done();
    return plane;
  })();
  const brokerStarted = (async () => {
    const brokers = config.kafka ? undefined : await options.startBroker?.({ dataDir, supervisor, children });
    const kafka = brokers === undefined ? config.kafka : { brokers };
    if (kafka) await makeTopics(kafka, options);
    return kafka;
  })();
  const started = [databaseStarted, daprStarted, brokerStarted] as const;
  underWay = Promise.allSettled(started);
  const [databaseUrl, controlPlane, kafka] = await Promise.all(started);
  return { dataDir, supervisor, children, databaseUrl, controlPlane, kafka };
}

/**
 * Creates or corrects the topics. A broker that is away is no reason not to start: events wait in the database, and
 * `runtime/pubsub/broker-watch.ts` looks for it.
 */
async function makeTopics(kafka: KafkaAccess, { log, progress }: PlatformOptions): Promise<void> {
  const step = progress.step('Kafka topics');
  try {
    const lines = await ensureTopics(kafka);
    step.done(lines.length > 0 ? `${lines.length} changes` : '');
  } catch (error) {
    const { brokers } = kafka;
    log.warn({ err: error, brokers }, 'Kafka does not answer, or refuses');
    step.done(`${brokers} does not answer: start it or correct KAFKA_BROKERS; events wait until it does`);
  }
}

/** @returns the URL of the database, with its schema up to date */
async function startDatabase(
  { config, lifecycle, log, progress }: PlatformOptions,
  supervisor: ProcessSupervisor,
  children: Child[],
): Promise<string> {
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
