import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { toCloudEvent } from '../../domain/events/cloud-event.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { deadLetterTopic, type Topic } from '../../domain/events/topics.js';
import { readRecord } from '../../runtime/dead-letters/records.js';
import { StoredMessages } from '../../runtime/dead-letters/stored-messages.js';
import type { DeadLetter } from '../../runtime/pubsub/dead-letter.js';
import { brokenAt } from '../support/audit-chain.js';
import { eventAt } from '../support/events.js';
import { startTestKafka, type TestKafka } from '../support/kafka.js';
import { sendPastProgram, type TestMessage } from '../support/kafka-producer.js';
import type { LiveClient } from '../support/live-client.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';
import { until } from '../support/until.js';

/** The topics that somebody reads, and who. */
const readers = { 'task-audit': 'audit', 'task-updates': 'websocket' } as const satisfies Partial<
  Record<Topic, string>
>;
type ReadTopic = keyof typeof readers;
const readTopics = Object.keys(readers) as ReadTopic[];

/** A message for one user, and what its dead letter says of it. */
interface Poison {
  readonly what: string;
  /** @param user whose feed and log it is aimed at @param seq of that user's last event @param real that event as it lies on the topic */
  readonly make: (user: string, seq: number, real: string) => Omit<TestMessage, 'topic'>;
  readonly reason: RegExp;
}

const poison: readonly Poison[] = [
  { what: 'not JSON', make: (key) => ({ key, value: '{"specversion":' }), reason: /^unreadable/ },
  { what: 'not UTF-8', make: (key) => ({ key, value: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }), reason: /^unreadable/ },
  { what: 'empty', make: (key) => ({ key, value: '' }), reason: /^unreadable/ },
  { what: 'without a value', make: (key) => ({ key, value: null }), reason: /^invalid/ },
  { what: 'no event', make: (key) => ({ key, value: '{"hello":"world"}' }), reason: /^invalid/ },
  { what: 'a list', make: (key) => ({ key, value: '[[[]]]' }), reason: /^invalid/ },
  { what: 'not as its schema says', make: altered((event) => ({ ...event, seq: 'seven' })), reason: /^invalid.*\/seq/ },
  { what: 'with a field too many', make: altered((event) => ({ ...event, mood: 'fine' })), reason: /^invalid.*mood/ },
  {
    what: 'of a type that there is not',
    make: altered((event) => ({ ...event, type: 'TASK_EATEN' })),
    reason: /^invalid/,
  },
  { what: 'of the version before the first', make: ofVersion(0), reason: /^invalid.*dataschema/ },
  { what: 'of a version to come', make: ofVersion(2), reason: /^invalid.*dataschema/ },
  { what: "another user's event", make: altered((event) => ({ ...event, user_id: 'mallory' })), reason: /^invalid/ },
  {
    what: 'under the key of another user',
    make: (_user, _seq, value) => ({ key: 'mallory', value }),
    reason: /^invalid.*key/,
  },
  { what: 'without a key', make: (_user, _seq, value) => ({ value }), reason: /^invalid.*key/ },
  {
    what: 'under another key that says in a header to be the right one',
    make: (user, _seq, value) => ({ key: 'mallory', value, headers: { __key: user, __offset: '1', __partition: 'x' } }),
    reason: /^invalid.*key/,
  },
  {
    what: 'under a key of a thousand kilobytes',
    make: (_user, _seq, value) => ({ key: 'k'.repeat(1_000_000), value }),
    reason: /^invalid.*key/,
  },
  {
    what: 'as large as a message can be',
    make: (key) => ({ key, value: 'x'.repeat(1_048_000) }),
    reason: /^unreadable/,
  },
  {
    what: 'one field of a name as large as a message can be',
    make: (key) => ({ key, value: `{"specversion":"1.0","${'x'.repeat(1_000_000)}":1}` }),
    reason: /^invalid/,
  },
  {
    what: 'with sixty thousand fields that nobody knows',
    make: altered((event) => ({
      ...event,
      ...Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`f${n}`, n])),
    })),
    reason: /^invalid/,
  },
  {
    what: 'nested deeply',
    make: (key) => ({ key, value: '['.repeat(500_000) + ']'.repeat(500_000) }),
    reason: /^(invalid|unreadable)/,
  },
  {
    what: 'a duplicate of the last event with another content',
    make: altered((event) => event, 'Forged'),
    reason: /signature/,
  },
  { what: 'another event in the place of the last', make: forged((seq) => seq), reason: /signature/ },
  { what: 'the next event, which nobody committed', make: forged((seq) => seq + 1), reason: /signature/ },
  { what: 'an event far ahead', make: forged((seq) => seq + 1_000_000), reason: /signature/ },
  { what: 'with a signature that is none', make: forged((seq) => seq + 1, '1.AAAA'), reason: /signature/ },
  { what: 'with the signature of another event', make: forged((seq) => seq + 1, null), reason: /signature/ },
];

describe('messages that are none, put straight on the topics', () => {
  let kafka: TestKafka;
  let system: TestSystem;
  let user: TestUser;
  let feed: LiveClient;
  let messages: StoredMessages;
  /** Where the user's events lie. */
  let partition = 0;
  /** Dead letters that there were before the first test. */
  const letterCount = new Map<ReadTopic, number>();

  before(async function () {
    this.timeout(startTimeoutMs);
    kafka = await startTestKafka();
    system = await startTestSystem({ env: { KAFKA_BROKERS: kafka.brokers } });
    messages = new StoredMessages({ brokers: kafka.brokers });
    user = await system.newUser();
    await user.create({ title: 'Before all' });
    feed = await user.live(0);
    await feed.seq(1);
    while ((await stored('task-audit', 1)) === undefined) partition = (partition + 1) % 12;
    for (const topic of readTopics) {
      // A group that begins with what is new has to have begun.
      await until(
        `${topic} is read`,
        async () => {
          await sendPastProgram(kafka.brokers, [{ topic, partition, value: 'Is anybody there?' }]);
          await sleep(500);
          return (await lettersOn(topic)).length > 0;
        },
        60_000,
      );
      await sendPastProgram(kafka.brokers, [{ topic, partition, value: 'begin' }]);
      await until('the last of them', async () =>
        (await lettersOn(topic)).some((letter) => letter.payload_base64 === btoa('begin')),
      );
      letterCount.set(topic, (await lettersOn(topic)).length);
    }
  });
  after(async function () {
    this.timeout(60_000);
    await feed.close();
    await messages.close();
    await system.remove();
    await kafka.end();
  });

  /** An event of the user as it lies on a topic. */
  async function stored(topic: ReadTopic, seq: number): Promise<string | undefined> {
    for await (const { key, value } of messages.all(topic, partition)) {
      const text = value?.toString() ?? '';
      if (key?.toString() === user.id && text.includes(`"seq":${seq},`)) return text;
    }
    return undefined;
  }
  async function lettersOn(topic: ReadTopic): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for await (const { value } of messages.all(deadLetterTopic(topic))) {
      const record = readRecord(value);
      if (record && !('replayed_at' in record)) letters.push(record);
    }
    return letters;
  }

  for (const { what, make, reason } of poison) {
    it(`${what}: becomes a dead letter with the reason, and commands before, between and after show everywhere`, async function () {
      this.timeout(90_000);
      await user.create({ title: `Before: ${what}` });
      const seq = feed.seqs.length + 1;
      await feed.seq(seq);
      const sent: { topic: ReadTopic; id: string }[] = [];
      for (const topic of readTopics) {
        let real: string | undefined;
        await until('the event lies on the topic', async () => (real = await stored(topic, seq)));
        const [offset] = await sendPastProgram(kafka.brokers, [
          { topic, partition, ...make(user.id, seq, real ?? '') },
        ]);
        sent.push({ topic, id: `${readers[topic]}/${topic}/${partition}/${offset}` });
      }
      await user.create({ title: `After: ${what}` });
      await feed.seq(seq + 1);
      for (const { topic, id } of sent) {
        let letter: DeadLetter | undefined;
        await until(
          `the dead letter ${id}`,
          async () => (letter = (await lettersOn(topic)).find((one) => one.id === id)),
          30_000,
        );
        expect(`${letter?.reason.code} ${letter?.reason.detail} ${JSON.stringify(letter?.reason.errors)}`).to.match(
          reason,
        );
      }
      expect(feed.isClosed).to.equal(false);
    });
  }

  it('an event that comes once more, as it was, is no fault', async function () {
    this.timeout(60_000);
    await user.create({ title: 'Once more' });
    const seq = poison.length * 2 + 2;
    await feed.seq(seq);
    for (const topic of readTopics) {
      await until('the event lies on the topic', async () => (await stored(topic, seq)) !== undefined);
      const before = (await lettersOn(topic)).length;
      const value = (await stored(topic, seq)) ?? '';
      await sendPastProgram(kafka.brokers, [{ topic, partition, key: user.id, value }]);
      await sendPastProgram(kafka.brokers, [{ topic, partition, key: user.id, value: 'the end' }]);
      await until('what came after it is a dead letter', async () => (await lettersOn(topic)).length > before, 30_000);
      expect((await lettersOn(topic)).length).to.equal(before + 1);
    }
  });

  it('all in all the feed showed each change once and in order, and the audit log is whole and equal to the events', async function () {
    this.timeout(60_000);
    await user.create({ title: 'After all' });
    const seqs = Array.from({ length: poison.length * 2 + 3 }, (_, place) => place + 1);
    await feed.seq(seqs.length);
    expect(feed.seqs).to.deep.equal(seqs);
    const changes = await user.changes();
    expect(feed.changes).to.deep.equal(changes);
    await until(
      'the log has all',
      async () => (await user.get('/v1/audit?limit=1000')).log.entries.length === seqs.length,
    );
    const { entries } = (await user.get('/v1/audit?limit=1000')).log;
    expect(brokenAt(user.id, entries)).to.equal(null);
    expect(entries.map(({ seq, after }) => ({ seq, task: after }))).to.deep.equal(
      changes.map(({ seq, task }) => ({ seq, task })),
    );
    for (const topic of readTopics) {
      const ids = (await lettersOn(topic)).map(({ id }) => id);
      expect(new Set(ids).size, `dead letters of ${topic}`).to.equal((letterCount.get(topic) ?? 0) + poison.length + 1);
    }
  });
});

/** The last event, changed. @param title of its task instead of what it is */
function altered(change: (event: CommittedEvent) => object, title?: string): Poison['make'] {
  return (key, _seq, real) => {
    const cloudEvent = JSON.parse(real) as { type: string; data: CommittedEvent };
    const { after } = cloudEvent.data;
    const data = change({
      ...cloudEvent.data,
      ...(title !== undefined && after && { after: { ...after, title } }),
    });
    return { key, value: JSON.stringify({ ...cloudEvent, ...('type' in data && { type: data.type }), data }) };
  };
}

function ofVersion(version: number): Poison['make'] {
  return (key, _seq, real) => ({ key, value: real.replace(/(urn:todo-chatbot:event:\w+):1"/, `$1:${version}"`) });
}

/** A sound event that nobody committed. @param signature null: that of the last event */
function forged(place: (seq: number) => number, signature?: string | null): Poison['make'] {
  return (user, seq, real) => {
    const own = signature === null ? (JSON.parse(real) as { signature: string }).signature : signature;
    const event = { ...eventAt(user, 1), event_id: randomUUID(), seq: place(seq) };
    return {
      key: user,
      value: JSON.stringify({ ...toCloudEvent(event), ...(own !== undefined && { signature: own }) }),
    };
  };
}
