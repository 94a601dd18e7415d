import { expect } from 'chai';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { TodoError } from '../../domain/errors.js';
import { toCloudEvent } from '../../domain/events/cloud-event.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { createBulkDeliveries } from '../../runtime/pubsub/bulk-deliveries.js';
import type { DeadLetter } from '../../runtime/pubsub/dead-letter.js';
import type { Deliveries } from '../../runtime/pubsub/deliveries.js';
import { eventAt, eventsOf } from '../support/events.js';
import { signaturesOf } from '../support/signatures.js';

const signatures = signaturesOf();
const sign = await signatures.signer();
const cloudEvent = (event: CommittedEvent): string =>
  JSON.stringify({ ...toCloudEvent(event), signature: sign(event) });

describe('what Kafka delivers', () => {
  let deliveries: Deliveries;
  let received: CommittedEvent[][];
  let buried: DeadLetter[];
  let refuse: (events: readonly CommittedEvent[]) => Error | undefined;
  let burying: Error | undefined;

  beforeEach(() => {
    [received, buried, refuse, burying] = [[], [], () => undefined, undefined];
    deliveries = createBulkDeliveries({ ...parts, metrics: new Registry() });
    deliveries.subscribe('audit', 'task-audit', subscriber);
  });
  const parts = {
    log: pino({ level: 'silent' }),
    metrics: new Registry(),
    signatures,
    bury: (letter: DeadLetter) => (burying ? Promise.reject(burying) : Promise.resolve(void buried.push(letter))),
  };
  const subscriber = {
    receive(events: readonly CommittedEvent[]) {
      received.push([...events]);
      const error = refuse(events);
      return error ? Promise.reject(error) : Promise.resolve();
    },
    catchUp: () => undefined,
  };

  /** @param messages bytes of each, and its key */
  async function deliver(messages: readonly (readonly [string | Buffer, string | undefined])[]): Promise<string[]> {
    const entries = messages.map(([message, key], offset) => ({
      entryId: `entry-${offset}`,
      event: Buffer.from(message).toString('base64'),
      metadata: { __partition: '3', __offset: String(offset), ...(key !== undefined && { __key: key }) },
    }));
    const answer = (await deliveries.deliver('audit', 'task-audit', { entries })) as {
      statuses: { entryId: string; status: string }[];
    };
    expect(answer.statuses.map(({ entryId }) => entryId)).to.deep.equal(entries.map(({ entryId }) => entryId));
    return answer.statuses.map(({ status }) => status);
  }

  it('is asked for in bulk and raw, from a component for each role, with the time that its events may wait', () => {
    deliveries.subscribe('websocket', 'task-updates', { ...subscriber, mostWaitMs: 200 });
    expect(deliveries.subscriptions()).to.deep.equal([
      {
        pubsubname: 'pubsub-audit',
        topic: 'task-audit',
        route: '/events/audit/task-audit',
        metadata: { rawPayload: 'true' },
        bulkSubscribe: { enabled: true, maxMessagesCount: 50, maxAwaitDurationMs: 10 },
      },
      {
        pubsubname: 'pubsub-websocket',
        topic: 'task-updates',
        route: '/events/websocket/task-updates',
        metadata: { rawPayload: 'true' },
        bulkSubscribe: { enabled: true, maxMessagesCount: 50, maxAwaitDurationMs: 200 },
      },
    ]);
  });

  it('reaches the subscriber in order and at once', async () => {
    const events = eventsOf('alice', 1, 3);
    const statuses = await deliver(events.map((event) => [cloudEvent(event), 'alice']));
    expect(statuses).to.deep.equal(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(received).to.deep.equal([events]);
  });

  const good = eventAt('alice', 1);
  const poison: readonly (readonly [what: string, message: string | Buffer, key: string | undefined, RegExp])[] = [
    ['no JSON', '{', 'alice', /unreadable .*not JSON/],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'alice', /unreadable .*UTF-8/],
    ['empty', '', 'alice', /unreadable/],
    ['no event', '{"specversion":"1.0"}', 'alice', /invalid .*\/data|\/id/],
    ['of a type that there is not', cloudEvent(good).replaceAll('TASK_CREATED', 'TASK_EATEN'), 'alice', /invalid/],
    ['not as its schema says', cloudEvent(good).replace('"seq":1', '"seq":"1"'), 'alice', /invalid .*\/seq/],
    ['of a later version', cloudEvent(good).replace(/:1","partitionkey/, ':2","partitionkey'), 'alice', /dataschema/],
    [
      'of a version before the first',
      cloudEvent(good).replace(/:1","partitionkey/, ':0","partitionkey'),
      'alice',
      /dataschema/,
    ],
    ['not what its schema knows', cloudEvent(good).replace('"seq":1', '"seq":1,"mood":"fine"'), 'alice', /mood/],
    [
      "with another event's id",
      cloudEvent(good).replace(good.event_id, eventAt('alice', 2).event_id),
      'alice',
      /event_id/,
    ],
    ['not signed', JSON.stringify(toCloudEvent(good)), 'alice', /invalid .*\/signature/],
    ['changed after it was signed', cloudEvent(good).replace('Title 1', 'Title 2'), 'alice', /invalid .*\/signature/],
    ['under the key of another user', cloudEvent(good), 'bob', /invalid .*key/],
    ['without a key', cloudEvent(good), undefined, /invalid .*key/],
    ['huge', 'x'.repeat(900_000), 'alice', /unreadable/],
  ];
  for (const [what, message, key, reason] of poison) {
    it(`becomes a dead letter when it is ${what}, and what is around it goes on`, async () => {
      const [first, second] = eventsOf('alice', 1, 2).map(cloudEvent);
      const statuses = await deliver([
        [first ?? '', 'alice'],
        [message, key],
        [second ?? '', 'alice'],
      ]);
      expect(statuses).to.deep.equal(['SUCCESS', 'SUCCESS', 'SUCCESS']);
      expect(received).to.deep.equal([eventsOf('alice', 1, 2)]);
      expect(buried).to.have.length(1);
      const [letter] = buried;
      expect(letter).to.include({ id: 'audit/task-audit/3/1', role: 'audit', topic: 'task-audit', offset: 1 });
      expect(letter).to.include({ partition: 3, key: key ?? null, payload_bytes: Buffer.byteLength(message) });
      expect(`${letter?.reason.code} ${letter?.reason.detail} ${JSON.stringify(letter?.reason.errors)}`).to.match(
        reason,
      );
      const kept = Buffer.from(letter?.payload_base64 ?? '', 'base64');
      expect(kept.equals(Buffer.from(message).subarray(0, 512 * 1024))).to.equal(true);
    });
  }

  it('comes again as a whole when the subscriber cannot take it now, and nothing becomes a dead letter', async () => {
    refuse = () => new Error('the database is away');
    const statuses = await deliver([
      [cloudEvent(good), 'alice'],
      ['{', 'alice'],
    ]);
    expect(statuses).to.deep.equal(['RETRY', 'RETRY']);
    expect(buried).to.be.empty;
  });

  it('comes again when it cannot be said now whether it is ours', async () => {
    const unreachable = { checker: () => Promise.reject(new Error('the database is away')) };
    deliveries = createBulkDeliveries({ ...parts, signatures: unreachable });
    deliveries.subscribe('audit', 'task-audit', subscriber);
    expect(await deliver([[cloudEvent(good), 'alice']])).to.deep.equal(['RETRY']);
    expect({ received, buried }).to.deep.equal({ received: [], buried: [] });
  });

  it('becomes a dead letter when the subscriber never can take it, alone', async () => {
    const events = eventsOf('alice', 1, 3);
    refuse = (some) =>
      some.some(({ seq }) => seq === 2) ? new TodoError('conflict', 'another one was there') : undefined;
    const statuses = await deliver(events.map((event) => [cloudEvent(event), 'alice']));
    expect(statuses).to.deep.equal(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(received.map((some) => some.map(({ seq }) => seq))).to.deep.equal([[1, 2, 3], [1], [2], [3]]);
    expect(buried.map(({ offset, reason }) => ({ offset, ...reason }))).to.deep.equal([
      { offset: 1, code: 'conflict', detail: 'another one was there' },
    ]);
  });

  it('comes again when its dead letter could not be laid down', async () => {
    burying = new Error('no broker');
    expect(await deliver([['{', 'alice']])).to.deep.equal(['RETRY']);
  });

  it('is nothing to who does not follow it', async () => {
    expect(await deliveries.deliver('websocket', 'task-audit', { entries: [] })).to.equal(undefined);
  });
});
