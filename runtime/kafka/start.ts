import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeOnce } from '../dapr/cache.js';
import { loopback, startOnFreePorts } from '../dapr/ports.js';
import { until } from '../dapr/readiness.js';
import { startGuarded } from '../processes/guarded-process.js';
import type { Child, Supervisor } from '../supervision.js';
import { withAdmin } from './client.js';
import type { KafkaProgram } from './obtain.js';

export interface KafkaOptions {
  readonly supervisor: Supervisor;
  readonly program: KafkaProgram;
  /** Absolute path, locked for this process. What Kafka holds is in `kafka/` of it. */
  readonly dataDir: string;
  /** Where it listens; by default on a free port. */
  readonly port?: number;
  /** Gives up a first start that is still making that folder. */
  readonly signal?: AbortSignal;
}

export interface RunningKafka {
  /** `127.0.0.1:port`, the same over restarts of the broker. */
  readonly brokers: string;
  readonly child: Child;
}

/** For one broker that is its own controller, on a machine that runs other things too. */
const settings = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'listener.security.protocol.map': 'BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'BROKER',
  'controller.listener.names': 'CONTROLLER',
  // A topic that nobody made is a mistake: see topics.ts.
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '8',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '2',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  // A broker that was killed may not come back before its old session has ended: by default nine seconds.
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  // Consumers get their partitions at once instead of after three seconds in which more might come.
  'group.initial.rebalance.delay.ms': '0',
  // By default 128 MB of the heap, for compacting one topic of offsets.
  'log.cleaner.dedupe.buffer.size': '4194304',
  'num.network.threads': '2',
  'num.io.threads': '4',
};

const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:-UsePerfData', '-XX:+ExitOnOutOfMemoryError'];
/** For a program that runs for a second: not worth a second compiler. */
const briefFlags = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:-UsePerfData', '-XX:TieredStopAtLevel=1'];

/** One line an event: the supervisor keeps the last twenty. */
const logging = `rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%p %c{1}: %m %throwable{short.message}%n
`;

/**
 * Starts Kafka in DATA_DIR under the supervisor, with an empty log on first use, and resolves when it answers who leads
 * its topics. A broker that was killed goes on with what it held.
 * @throws ChildFailedError with the broker's last lines when it does not start
 */
export async function startKafka({ supervisor, program, dataDir, port, signal }: KafkaOptions): Promise<RunningKafka> {
  const log = join(dataDir, 'kafka');
  const folder = join(dataDir, 'run', 'kafka');
  await rm(folder, { recursive: true, force: true });
  // Libraries unpack their native parts into the temporary folder, and a killed one leaves them there.
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'log4j2.properties'), logging);

  const java = (jvmFlags: readonly string[], ...args: string[]) => ({
    command: program.java,
    args: [
      ...jvmFlags,
      `-Djava.io.tmpdir=${temporary}`,
      `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
      ...['-cp', program.classPath],
      ...args,
    ],
    env: {},
    cwd: folder,
    stopSignal: 'SIGTERM' as const,
    stopTimeoutMs: 6_000,
  });

  await makeOnce({
    folder: log,
    isWhole: (path) => Promise.resolve(existsSync(path)),
    async make(making) {
      const file = await writeSettings(folder, making, { api: 1, controller: 2 });
      const id = randomBytes(16).toString('base64url');
      await runToEnd(
        java(briefFlags, 'kafka.tools.StorageTool', 'format', '--config', file, `--cluster-id=${id}`),
        signal,
      );
    },
    onWait: () => undefined,
    signal,
  });

  const { child, ports } = await startOnFreePorts(
    supervisor,
    ['api', 'controller'],
    (ports) => ({
      name: 'kafka',
      ...java(flags, 'kafka.Kafka', join(folder, settingsFile)),
      async beforeStart() {
        await writeSettings(folder, log, ports);
      },
      ready: (ended) => answers(`${loopback}:${ports.api}`, ended),
    }),
    { api: port },
  );
  return { brokers: `${loopback}:${ports.api}`, child };
}

const settingsFile = 'server.properties';

async function writeSettings(
  folder: string,
  log: string,
  ports: { readonly api: number; readonly controller: number },
): Promise<string> {
  const all = {
    ...settings,
    'log.dirs': log,
    listeners: `BROKER://${loopback}:${ports.api},CONTROLLER://${loopback}:${ports.controller}`,
    'advertised.listeners': `BROKER://${loopback}:${ports.api}`,
    'controller.quorum.voters': `1@${loopback}:${ports.controller}`,
  };
  const file = join(folder, settingsFile);
  await writeFile(
    file,
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return file;
}

/** Resolves when the broker knows itself as part of its cluster, however long its recovery takes. */
async function answers(brokers: string, ended: AbortSignal): Promise<void> {
  await until(ended, () =>
    withAdmin({ brokers }, 0, async (admin) => {
      const { brokers: known } = await admin.metadata({ topics: [] });
      return known.size > 0;
    }),
  );
}

/** Runs a program that ends by itself. @throws Error with its last lines when it fails */
async function runToEnd(
  spec: Omit<Parameters<typeof startGuarded>[0], 'onLine'>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const lines: string[] = [];
  const program = await startGuarded({ ...spec, onLine: (line) => void lines.push(line) });
  const giveUp = (): void => void program.stop();
  signal?.addEventListener('abort', giveUp);
  const { code } = await program.gone;
  signal?.removeEventListener('abort', giveUp);
  signal?.throwIfAborted();
  if (code !== 0) throw new Error(`Kafka's folder could not be made:\n  ${lines.slice(-10).join('\n  ')}`);
}
