import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { paces } from '../../../actors/relay/pace.js';
import { Relay } from '../../../actors/relay/relay.js';
import { readEventsOfUsers } from '../../../actors/events/read-events.js';
import { taskTopics } from '../../../domain/events/topics.js';
import { startEmbeddedPostgres } from '../../../runtime/postgres/embedded.js';
import { migrate } from '../../../runtime/postgres/migrate.js';
import { createPool } from '../../../runtime/postgres/pool.js';
import { BulkPublisher } from '../../../runtime/pubsub/bulk-publisher.js';
import { startKafkaSidecar } from '../../support/kafka-sidecar.js';
import { makeEvents } from '../../support/made-events.js';
import { signaturesOf } from '../../support/signatures.js';
import type { DrainJob, DrainRound } from './job.js';
import { publishAsIs, type Bulk } from './publish-as-is.js';

// A database, a broker and a sidecar without subscribers: nothing else is at work while the relay publishes.
const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as DrainJob;
const log = pino({ level: 'warn', base: null }, pino.destination({ dest: 2, sync: true }));
const { kafka, dapr, url, apiToken, end } = await startKafkaSidecar();
const { supervisor, dataDir } = kafka;
const postgres = await startEmbeddedPostgres({ dataDir, supervisor, log });
await migrate(postgres.url, log);
const pool = createPool(postgres.url, { max: 10, applicationName: 'drain', log, statementTimeoutMs: 600_000 });

const rounds: DrainRound[] = [];
for (let round = 0; round < job.rounds; round += 1) {
  const prefix = `round-${round}`;
  await makeEvents(pool, {
    prefix,
    users: job.users,
    eventsOfUser: job.events / job.users,
    title: 'Take care of the rent',
  });
  await pool.query('VACUUM ANALYZE');
  const bulks = await bulksOf(prefix);
  const bulkPerSecond = await publishAsIs(
    { url, apiToken },
    bulks,
    job.events * taskTopics.length,
    paces.kafka.callsAtOnce * taskTopics.length,
  );
  rounds.push({ bulkPerSecond: bulkPerSecond / taskTopics.length, drainedPerSecond: await drained() });
}
await pool.end();
await end();
process.stdout.write(`${JSON.stringify(rounds)}\n`);

/** Some of the events, as the relay sends them: as many at once, of different users. */
async function bulksOf(prefix: string): Promise<Bulk[]> {
  const places = Array.from({ length: job.users }, (_, number) => ({ user_id: `${prefix}-${number}`, after: 0 }));
  const events = await readEventsOfUsers(pool, places, 40);
  events.sort((a, b) => a.seq - b.seq);
  const bodies: Bulk[] = [];
  const { eventsAtOnce } = paces.kafka;
  for (let start = 0; start < events.length; start += eventsAtOnce) {
    const some = events.slice(start, start + eventsAtOnce);
    await new BulkPublisher((_topic, body) => {
      bodies.push({ body, events: some.length });
      return Promise.resolve();
    }, signaturesOf()).publish(taskTopics[0], some);
  }
  return bodies;
}

/** @returns events a second, from the relay's start on */
async function drained(): Promise<number> {
  const began = performance.now();
  const metrics = new Registry();
  const relay = new Relay({
    pool,
    log,
    metrics,
    broker: 'kafka',
    mayLead: true,
    publish: (topic, events) => dapr.publish(topic, events),
  });
  const published = metrics.getSingleMetric('todo_relay_events_published_total');
  while (((await published?.get())?.values[0]?.value ?? 0) < job.events)
    await new Promise((next) => setTimeout(next, 5));
  const seconds = (performance.now() - began) / 1000;
  await relay.stop();
  return job.events / seconds;
}
