import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, stringDeserializers } from '@platformatic/kafka';
import { expect } from 'chai';
import { fromCloudEvent } from '../../domain/events/cloud-event.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { taskTopics } from '../../domain/events/topics.js';
import { startKafkaSidecar, type KafkaSidecar } from '../support/kafka-sidecar.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { RelayProcess } from '../support/relay-process.js';
import { until } from '../support/until.js';

describe('the relay before a real Kafka', () => {
  let database: TestDatabase;
  let sidecar: KafkaSidecar;
  before(async function () {
    this.timeout('30m');
    database = await testDatabase();
    sidecar = await startKafkaSidecar();
  });
  after(async function () {
    this.timeout(30_000);
    await sidecar.end();
    await database.drop();
  });

  it('kill -9 of the broker while events go out: commands go on, none is lost, and the first places stay in order', async function () {
    this.timeout(300_000);
    const relays = [1, 2].map((number) => {
      const relay = new RelayProcess(database, `relay ${number} ${randomUUID().slice(0, 8)}`, { broker: 'kafka' });
      relay.refuses = (topic, events) => sidecar.dapr.publish(topic, events);
      return relay;
    });
    await until('they share the lanes', async () => {
      const lanes = await Promise.all(relays.map((relay) => relay.figure('lanes')));
      return lanes.every((count) => count === 8);
    });
    const users = Array.from({ length: 50 }, () => randomUUID());
    let committed = 0;
    const over = new AbortController();
    const committing = (async () => {
      while (!over.signal.aborted) {
        await Promise.all(users.map((user, index) => relays[index % 2]?.commit(user) ?? Promise.resolve()));
        committed += 1;
        // So that what is to be read at the end stays within some thousands.
        await sleep(50);
      }
    })();
    const lag = async (): Promise<number> => {
      const lags = await Promise.all(relays.map((relay) => relay.figure('lag_events')));
      return lags.reduce((sum, events) => sum + events, 0);
    };
    const acknowledged = () => relays.reduce((sum, relay) => sum + (relay.published.get('task-audit')?.length ?? 0), 0);
    await until('events are acknowledged', () => acknowledged() > 200, 60_000);
    const { pid } = sidecar.kafka.child;
    process.kill(pid ?? 0, 'SIGKILL');
    const before = committed;
    await until('the broker runs again', () => sidecar.kafka.child.pid !== pid && sidecar.kafka.child.isReady, 90_000);
    expect(committed, 'commands meanwhile').to.be.greaterThan(before);
    over.abort();
    await committing;
    await until('nothing is behind', async () => (await lag()) === 0, 120_000);
    for (const topic of taskTopics) {
      const events = await inTopic(topic, users.length * committed);
      for (const user of users) {
        const places = events.filter((event) => event.user_id === user).map((event) => event.seq);
        expect([...new Set(places)], `${topic} of ${user}`).to.deep.equal(upTo(committed));
      }
    }
    for (const relay of relays) await relay.stop();
  });

  /** What a topic holds, a partition's in their order, once so many different events are there. */
  async function inTopic(topic: string, wanted: number): Promise<CommittedEvent[]> {
    const consumer = new Consumer({
      clientId: 'test',
      groupId: randomUUID(),
      bootstrapBrokers: [sidecar.kafka.brokers],
      deserializers: stringDeserializers,
    });
    const events: CommittedEvent[] = [];
    const ids = new Set<string>();
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false, maxWaitTime: 100 });
    for await (const { key, value } of stream) {
      const event = fromCloudEvent(JSON.parse(value));
      expect(key).to.equal(event.user_id);
      events.push(event);
      ids.add(event.event_id);
      if (ids.size === wanted) break;
    }
    await consumer.close();
    return events;
  }
});

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
