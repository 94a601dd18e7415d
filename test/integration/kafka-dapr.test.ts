import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import { expect } from 'chai';
import { obtainDapr } from '../../runtime/dapr/obtain.js';
import { newDaprTokens, type Sidecar, startControlPlane } from '../../runtime/dapr/start.js';
import { kafkaSecrets } from '../../runtime/kafka/secrets.js';
import { ensureTopics } from '../../runtime/kafka/topics.js';
import { createProgress } from '../../runtime/progress.js';
import { startTestKafka, type TestKafka } from '../support/kafka.js';
import { until } from '../support/until.js';

interface TestEvent {
  readonly user: string;
  readonly seq: number;
}

/** An entry of a bulk that daprd delivers, with what this test reads of it. */
interface Entry {
  readonly entryId: string;
  readonly event: string;
  readonly contentType: string;
  readonly metadata: Record<string, string>;
}

describe('events through Dapr and a real Kafka', () => {
  const tokens = newDaprTokens();
  let kafka: TestKafka;
  let app: BulkApp;
  let sidecar: Sidecar;

  before(async function () {
    this.timeout('30m');
    const programs = await obtainDapr({ env: process.env, progress: createProgress(process.stderr) });
    kafka = await startTestKafka();
    await ensureTopics({ brokers: kafka.brokers });
    const { supervisor, dataDir } = kafka;
    app = await startBulkApp();
    const plane = await startControlPlane({ supervisor, programs, dataDir });
    sidecar = await plane.startSidecar({
      appId: 'todo-chatbot',
      appPort: app.port,
      tokens,
      secrets: { 'database-url': '', ...kafkaSecrets({ brokers: kafka.brokers }) },
      components: ['local/secrets.yaml', 'pubsub-kafka.yaml', 'resiliency.yaml'],
    });
  });
  after(async function () {
    this.timeout(30_000);
    await kafka.end();
    await app.stop();
  });

  /** Publishes events, keyed by their user. @returns the ids of those that were not acknowledged */
  async function publish(topic: string, events: readonly TestEvent[]): Promise<string[]> {
    const entries = events.map((event) => ({
      entryId: idOf(event),
      contentType: 'application/cloudevents+json',
      metadata: { partitionKey: event.user },
      event: {
        specversion: '1.0',
        id: idOf(event),
        source: '/test',
        type: 'TEST',
        datacontenttype: 'application/json',
        data: event,
      },
    }));
    const answer = await fetch(`http://127.0.0.1:${sidecar.httpPort}/v1.0-alpha1/publish/bulk/pubsub/${topic}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'dapr-api-token': tokens.api },
      body: JSON.stringify(entries),
    });
    if (answer.status === 204) return [];
    const { failedEntries } = (await answer.json()) as { failedEntries?: { entryId: string }[] };
    return failedEntries === undefined
      ? entries.map(({ entryId }) => entryId)
      : failedEntries.map(({ entryId }) => entryId);
  }

  /** What one partition after the other holds, read without Dapr. */
  async function inTopic(topic: string, isAll: (events: TestEvent[]) => boolean): Promise<TestEvent[]> {
    const consumer = new Consumer({
      clientId: 'test',
      groupId: randomUUID(),
      bootstrapBrokers: [kafka.brokers],
      deserializers: stringDeserializers,
    });
    const events: TestEvent[] = [];
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false, maxWaitTime: 100 });
    for await (const { value } of stream) {
      events.push((JSON.parse(value) as { data: TestEvent }).data);
      if (isAll(events)) break;
    }
    await consumer.close();
    return events;
  }

  it('a bulk of 200 events arrives in bulks, each user’s in order, as it was published', async function () {
    this.timeout(90_000);
    const users = Array.from({ length: 20 }, () => randomUUID());
    const events = Array.from({ length: 200 }, (_, place) => ({
      user: users[place % 20] ?? '',
      seq: Math.floor(place / 20) + 1,
    }));
    expect(await publish('task-audit', events)).to.deep.equal([]);
    await until('all have arrived', () => app.seen('task-audit').length >= 200, 20_000);
    for (const user of users) {
      const seqs = app
        .seen('task-audit')
        .filter((event) => event.user === user)
        .map(({ seq }) => seq);
      expect(seqs).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
    expect(app.bulks('task-audit').length, 'bulks').to.be.lessThan(200);
    const [entry] = app.bulks('task-audit')[0] ?? [];
    expect(entry?.contentType).to.equal('application/octet-stream');
    expect(entry?.metadata)
      .to.include({ __topic: 'task-audit' })
      .and.to.include.keys('__key', '__partition', '__offset');
  });

  it('what an app could not take comes again, with what came beside it', async function () {
    this.timeout(30_000);
    const user = randomUUID();
    app.refuseOnce((event) => event.user === user && event.seq === 2);
    await publish(
      'task-audit',
      [1, 2, 3].map((seq) => ({ user, seq })),
    );
    const seqs = () =>
      app
        .seen('task-audit')
        .filter((event) => event.user === user)
        .map(({ seq }) => seq);
    const cameAgain = () => seqs().filter((seq) => seq === 2).length === 2 && seqs().includes(3);
    await until('it came again, and what is behind it came', cameAgain, 20_000);
    // The third may be in the bulk of the second, or in the next one, which waits.
    expect([...new Set(seqs())]).to.deep.equal([1, 2, 3]);
  });

  it('what is no event at all reaches the app too, and stops nothing behind it', async function () {
    this.timeout(30_000);
    const user = randomUUID();
    const producer = new Producer({
      clientId: 'test',
      bootstrapBrokers: [kafka.brokers],
      serializers: stringSerializers,
    });
    const poison = ['not JSON', '[1]', '', '{"specversion":"1.0","traceparent":5}'];
    await producer.send({ messages: poison.map((value) => ({ topic: 'task-audit', key: user, value })), acks: -1 });
    await producer.close();
    await publish('task-audit', [{ user, seq: 1 }]);
    const texts = (): string[] =>
      app
        .bulks('task-audit')
        .flat()
        .filter(({ metadata }) => metadata['__key'] === user)
        .map(({ event }) => Buffer.from(event, 'base64').toString());
    const isEvent = (text: string): boolean => text.includes(user);
    await until('all of it arrived', () => texts().some(isEvent) && texts().length > poison.length, 20_000);
    // The two producers may choose different partitions for one key.
    expect(texts().filter((text) => !isEvent(text))).to.deep.equal(poison);
  });

  it('each group has its own place: another one hears the same events', async function () {
    this.timeout(30_000);
    const user = randomUUID();
    await publish('task-updates', [{ user, seq: 1 }]);
    await until(
      'both have it',
      () => app.heard('pubsub-websocket', user) && app.heard('pubsub-recurrence', user),
      20_000,
    );
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.brokers] });
    const groups = [...(await admin.listGroups()).keys()];
    await admin.close();
    expect(groups).to.include.members(['todo-chatbot-audit', 'todo-chatbot-recurrence']);
    expect(groups.filter((group) => /^todo-chatbot-websocket-[0-9a-f-]{36}$/.test(group))).to.have.length(1);
  });

  it('kill -9 of the broker while events go out loses none that was acknowledged, and each user’s stay in order', async function () {
    this.timeout(300_000);
    const users = Array.from({ length: 50 }, () => randomUUID());
    const kills = 2;
    const over = new AbortController();
    let seq = 0;
    // As the relay must: of one user no second event before the first is acknowledged.
    const publishing = (async () => {
      while (!over.signal.aborted || seq < 40) {
        seq += 1;
        let left = users.map((user) => ({ user, seq }));
        while (left.length > 0) {
          const failed = new Set(await publish('task-events', left));
          left = left.filter((event) => failed.has(idOf(event)));
          if (left.length > 0) await sleep(50);
        }
      }
    })();
    for (let kill = 0; kill < kills; kill++) {
      const before = seq;
      await until('events are acknowledged', () => seq > before + 10, 90_000);
      const { pid } = kafka.child;
      process.kill(pid ?? 0, 'SIGKILL');
      await until('the broker runs again', () => kafka.child.pid !== pid && kafka.child.isReady, 90_000);
    }
    over.abort();
    await publishing;

    const total = seq;
    const events = await inTopic('task-events', (found) => new Set(found.map(idOf)).size === users.length * total);
    const wanted = Array.from({ length: total }, (_, place) => place + 1);
    for (const user of users) {
      const first = [...new Set(events.filter((event) => event.user === user).map((event) => event.seq))];
      expect(first).to.deep.equal(wanted);
    }
    await until(
      'the subscriber has them too',
      () => new Set(app.seen('task-events').map(idOf)).size === users.length * total,
      90_000,
    );
  });
});

const idOf = ({ user, seq }: TestEvent): string => `${user}.${seq}`;

interface BulkApp {
  readonly port: number;
  /** Every event of a topic in the order of its arrival, as often as it came, whichever component brought it. */
  seen(topic: string): TestEvent[];
  bulks(topic: string): Entry[][];
  heard(component: string, user: string): boolean;
  /** The next event that fits is answered with RETRY. */
  refuseOnce(fits: (event: TestEvent) => boolean): void;
  stop(): Promise<void>;
}

const subscriptions = [
  { pubsubname: 'pubsub-audit', topic: 'task-audit' },
  { pubsubname: 'pubsub-recurrence', topic: 'task-events' },
  { pubsubname: 'pubsub-recurrence', topic: 'task-updates' },
  { pubsubname: 'pubsub-websocket', topic: 'task-updates' },
];

/** An app that takes bulks as the program does: raw, so that daprd does not stumble over what is no event. */
async function startBulkApp(): Promise<BulkApp> {
  const received: { topic: string; pubsubname: string; entries: Entry[] }[] = [];
  let refused: ((event: TestEvent) => boolean) | undefined;
  const answer = async (request: IncomingMessage): Promise<unknown> => {
    if (request.url === '/dapr/config') return { entities: [] };
    if (request.url === '/dapr/subscribe') {
      return subscriptions.map((subscription) => ({
        ...subscription,
        route: `/${subscription.pubsubname}/${subscription.topic}`,
        metadata: { rawPayload: 'true' },
        bulkSubscribe: { enabled: true, maxMessagesCount: 100, maxAwaitDurationMs: 10 },
      }));
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (request.method !== 'POST') return {};
    const bulk = JSON.parse(Buffer.concat(chunks).toString()) as {
      topic: string;
      pubsubname: string;
      entries: Entry[];
    };
    received.push(bulk);
    return {
      statuses: bulk.entries.map((entry) => {
        const event = eventOf(entry);
        const isRefused = event !== undefined && refused?.(event) === true;
        if (isRefused) refused = undefined;
        return { entryId: entry.entryId, status: isRefused ? 'RETRY' : 'SUCCESS' };
      }),
    };
  };
  const server: Server = createServer((request, response) => {
    void answer(request).then((body) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bulks = (topic: string) => received.filter((bulk) => bulk.topic === topic);
  return {
    port: (server.address() as AddressInfo).port,
    seen: (topic) => bulks(topic).flatMap(({ entries }) => entries.flatMap((entry) => eventOf(entry) ?? [])),
    bulks: (topic) => bulks(topic).map(({ entries }) => entries),
    heard: (component, user) =>
      received.some(
        ({ pubsubname, entries }) => pubsubname === component && entries.some((entry) => eventOf(entry)?.user === user),
      ),
    refuseOnce: (fits) => void (refused = fits),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function eventOf({ event }: Entry): TestEvent | undefined {
  try {
    const { data } = JSON.parse(Buffer.from(event, 'base64').toString()) as { data?: TestEvent };
    return data;
  } catch {
    return undefined;
  }
}
