import { pino } from 'pino';
import { Registry } from 'prom-client';
import { startActors } from '../../actors/role.js';
import { createAppDoor } from '../../runtime/app-door.js';
import { systemClock } from '../../runtime/clock.js';
import { SidecarClient } from '../../runtime/dapr-client.js';
import { programsIn } from '../../runtime/dapr/programs.js';
import { sidecarResources } from '../../runtime/dapr/resources.js';
import { newDaprTokens, startSidecar } from '../../runtime/dapr/start.js';
import { createLifecycle } from '../../runtime/lifecycle.js';
import { createPool } from '../../runtime/postgres/pool.js';
import { EventSignatures } from '../../runtime/pubsub/event-signatures.js';
import { createSingleDeliveries } from '../../runtime/pubsub/single-deliveries.js';
import { createSupervisor } from '../../runtime/processes/supervisor.js';
import { secondHostName, type SecondHostSettings } from './second-host-settings.js';

/* One more host of the Task actors, in a process of its own with a sidecar of its own; see second-host.ts. */

const settings = JSON.parse(process.env['SECOND_HOST'] ?? '') as SecondHostSettings;
const appId = 'todo-chatbot';
const log = pino({ level: settings.logLevel }, pino.destination({ dest: 2, sync: true }));
const lifecycle = createLifecycle({ log });

await lifecycle.run(async () => {
  const metrics = new Registry();
  const pool = createPool(settings.databaseUrl, { max: 15, applicationName: secondHostName, log });
  lifecycle.opened('the database connections', () => pool.end());
  const supervisor = createSupervisor({ log, onFatal: (error) => lifecycle.fail(error) });
  const tokens = newDaprTokens();
  const appDoor = createAppDoor({ appToken: tokens.app, log, metrics, deliveries: createSingleDeliveries(log) });
  const kafka = settings.kafkaBrokers === null ? undefined : { brokers: settings.kafkaBrokers };
  const broker = kafka ? 'kafka' : 'in-memory';
  const dapr = new SidecarClient({
    apiToken: tokens.api,
    appIdOf: () => appId,
    broker,
    signatures: new EventSignatures(pool),
  });
  const config = { roles: ['actors'] as const, kafka };
  const actors = startActors({ config, pool, dapr, clock: systemClock, appDoor, log, metrics });
  lifecycle.opened('the actors', () => actors.stop());
  const appPort = await appDoor.listen();
  lifecycle.opened("daprd's door", async () => {
    await appDoor.drain();
    await appDoor.close();
  });
  // Leaving begins with the sidecar, so that nobody is sent here any more while the last turns end.
  lifecycle.opened('the sidecar', () => supervisor.stop(), { limitMs: 6_000, atOnce: () => supervisor.killAll() });
  const programs = programsIn(settings.programs, '', 'the first host');
  const sidecar = await startSidecar(settings.name, { supervisor, programs }, settings.servers, {
    appId,
    appPort,
    tokens,
    ...sidecarResources({ databaseUrl: settings.databaseUrl, kafka }),
  });
  await dapr.connect(sidecar.httpPort);
  process.stdout.write('joined\n');

  const turns = metrics.getSingleMetric('todo_actor_turns_total');
  const telling = setInterval(async () => {
    const values = (await turns?.get())?.values ?? [];
    process.stdout.write(`turns ${values.reduce((sum, { value }) => sum + value, 0)}\n`);
  }, 100);
  lifecycle.opened('the telling of turns', () => clearInterval(telling));
});
