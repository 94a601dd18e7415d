import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createAppDoor } from '../../runtime/app-door.js';
import { SidecarClient } from '../../runtime/dapr-client.js';
import { obtainDapr } from '../../runtime/dapr/obtain.js';
import { newDaprTokens, startControlPlane } from '../../runtime/dapr/start.js';
import { kafkaSecrets } from '../../runtime/kafka/secrets.js';
import { ensureTopics } from '../../runtime/kafka/topics.js';
import { createProgress } from '../../runtime/progress.js';
import { createSingleDeliveries } from '../../runtime/pubsub/single-deliveries.js';
import { startTestKafka, type TestKafka } from './kafka.js';
import { signaturesOf } from './signatures.js';

/** A real broker with all topics, and a real sidecar that publishes to it and to which nobody subscribes. */
export interface KafkaSidecar {
  readonly kafka: TestKafka;
  /** Publishes as the program does. */
  readonly dapr: SidecarClient;
  readonly url: string;
  readonly apiToken: string;
  end(): Promise<void>;
}

export async function startKafkaSidecar(): Promise<KafkaSidecar> {
  const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
  const programs = await obtainDapr({ env: process.env, progress: createProgress(process.stderr) });
  const kafka = await startTestKafka();
  await ensureTopics({ brokers: kafka.brokers });
  const { supervisor, dataDir } = kafka;
  const tokens = newDaprTokens();
  const app = createAppDoor({
    appToken: tokens.app,
    log,
    metrics: new Registry(),
    deliveries: createSingleDeliveries(log),
  });
  const plane = await startControlPlane({ supervisor, programs, dataDir });
  const sidecar = await plane.startSidecar({
    appId: 'todo-chatbot',
    appPort: await app.listen(),
    tokens,
    secrets: { 'database-url': '', ...kafkaSecrets({ brokers: kafka.brokers }) },
    components: ['local/secrets.yaml', 'pubsub-kafka.yaml', 'resiliency.yaml'],
  });
  const dapr = new SidecarClient({
    apiToken: tokens.api,
    appIdOf: () => 'todo-chatbot',
    broker: 'kafka',
    signatures: signaturesOf(),
  });
  await dapr.connect(sidecar.httpPort);
  return {
    kafka,
    dapr,
    url: `http://127.0.0.1:${sidecar.httpPort}`,
    apiToken: tokens.api,
    async end() {
      await dapr.stop();
      await kafka.end();
      await app.close();
    },
  };
}
