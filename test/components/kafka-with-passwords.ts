import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { loopback, startOnFreePorts } from '../../runtime/dapr/ports.js';
import { until } from '../../runtime/dapr/readiness.js';
import { withAdmin } from '../../runtime/kafka/client.js';
import { obtainKafka } from '../../runtime/kafka/obtain.js';
import { createProgress } from '../../runtime/progress.js';
import type { Supervisor } from '../../runtime/supervision.js';

const run = promisify(execFile);

/** A broker as one is hosted: with TLS, by a certificate of its own, and a name and password for each client. */
export interface KafkaWithPasswords {
  /** `host:port` of the door that asks for a password, by SCRAM-SHA-512 over TLS. */
  readonly brokers: string;
  readonly username: string;
  readonly password: string;
  /** PEM. */
  readonly certificate: string;
  /** `host:port` of the door for this test itself, which asks nobody for anything. */
  readonly openBrokers: string;
}

/** Starts one with an empty log; `folder` is made. */
export async function startKafkaWithPasswords(supervisor: Supervisor, folder: string): Promise<KafkaWithPasswords> {
  const { java, classPath } = await obtainKafka({ env: process.env, progress: createProgress(process.stderr) });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const username = 'todo-chatbot';
  const password = randomBytes(16).toString('hex');
  const { keystore, certificate } = await makeCertificate(java, folder, password);
  const settingsFile = join(folder, 'server.properties');
  const jvm = [
    ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'],
    // Libraries unpack their native parts there.
    ...[`-Djava.io.tmpdir=${folder}`, '-cp', classPath],
  ];

  const writeSettings = (ports: { readonly open: number; readonly guarded: number; readonly controller: number }) => {
    const doors = `OPEN://${loopback}:${ports.open},GUARDED://${loopback}:${ports.guarded}`;
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': `1@${loopback}:${ports.controller}`,
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'OPEN',
      listeners: `${doors},CONTROLLER://${loopback}:${ports.controller}`,
      'advertised.listeners': doors,
      'listener.security.protocol.map': 'OPEN:PLAINTEXT,GUARDED:SASL_SSL,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      'listener.name.guarded.scram-sha-512.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': keystore,
      'ssl.keystore.password': password,
      'log.dirs': join(folder, 'log'),
      'auto.create.topics.enable': 'false',
      'offsets.topic.replication.factor': '1',
      'offsets.topic.num.partitions': '4',
      'group.initial.rebalance.delay.ms': '0',
      'log.cleaner.dedupe.buffer.size': '4194304',
    };
    return writeFile(
      settingsFile,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
      { mode: 0o600 },
    );
  };

  await writeSettings({ open: 1, guarded: 2, controller: 3 });
  await run(java, [
    ...jvm,
    ...['kafka.tools.StorageTool', 'format', '--config', settingsFile],
    ...['--cluster-id', randomBytes(16).toString('base64url')],
    ...['--add-scram', `SCRAM-SHA-512=[name=${username},password=${password}]`],
  ]);
  const { ports } = await startOnFreePorts(supervisor, ['open', 'guarded', 'controller'], (free) => ({
    name: 'kafka-with-passwords',
    command: java,
    args: [...jvm, 'kafka.Kafka', settingsFile],
    env: {},
    cwd: folder,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 6_000,
    beforeStart: () => writeSettings(free),
    ready: (ended) =>
      until(ended, () =>
        withAdmin({ brokers: `${loopback}:${free.open}` }, 0, async (admin) => {
          const { brokers } = await admin.metadata({ topics: [] });
          return brokers.size > 0;
        }),
      ),
  }));
  return {
    brokers: `${loopback}:${ports.guarded}`,
    openBrokers: `${loopback}:${ports.open}`,
    username,
    password,
    certificate,
  };
}

/** A key and a certificate that vouches for itself, by the keytool that every Java has. */
async function makeCertificate(
  java: string,
  folder: string,
  password: string,
): Promise<{ keystore: string; certificate: string }> {
  const keytool = join(dirname(await realpath(java)), 'keytool');
  const keystore = join(folder, 'keystore.p12');
  const store = ['-keystore', keystore, '-storetype', 'PKCS12', '-storepass', password, '-alias', 'broker'];
  const flags = ['-J-XX:TieredStopAtLevel=1', '-J-XX:+UseSerialGC'];
  await run(keytool, [
    ...flags,
    ...['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '2'],
    ...['-dname', 'CN=broker', '-ext', `san=ip:${loopback}`],
    ...store,
  ]);
  const { stdout } = await run(keytool, [...flags, '-exportcert', '-rfc', ...store]);
  return { keystore, certificate: stdout };
}
