import { expect } from 'chai';
import { toCloudEvent } from '../../domain/events/cloud-event.js';
import { BulkPublisher } from '../../runtime/pubsub/bulk-publisher.js';
import type { EventSignatures } from '../../runtime/pubsub/event-signatures.js';
import { eventAt, eventsOf } from '../support/events.js';
import { signaturesOf } from '../support/signatures.js';

interface Sent {
  readonly topic: string;
  readonly entries: {
    readonly entryId: string;
    readonly event: { readonly data: { readonly user_id: string; readonly seq: number } };
    readonly contentType: string;
    readonly metadata: Record<string, string>;
  }[];
}

type Signer = Awaited<ReturnType<EventSignatures['signer']>>;

describe('events on their way to Kafka', () => {
  let sent: Sent[];
  /** Sends that are not acknowledged yet. */
  let waiting: { acknowledge: () => void; fail: (error: Error) => void }[];
  let publisher: BulkPublisher;
  const signatures = signaturesOf();

  beforeEach(() => {
    [sent, waiting] = [[], []];
    publisher = new BulkPublisher((topic, body) => {
      sent.push({ topic, entries: JSON.parse(body) as Sent['entries'] });
      return new Promise((acknowledge, fail) => waiting.push({ acknowledge, fail }));
    }, signatures);
  });

  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const acknowledge = async (): Promise<void> => {
    await settled();
    for (const { acknowledge } of waiting.splice(0)) acknowledge();
    await settled();
  };
  const places = () =>
    sent.map(({ entries }) => entries.map(({ event }) => `${event.data.user_id} ${event.data.seq}`).join(', '));

  it('go as CloudEvents with the id of the event, signed, under the key of their user', async () => {
    const event = eventAt('alice', 1);
    const published = publisher.publish('task-audit', [event]);
    await acknowledge();
    await published;
    const sign = await signatures.signer();
    const cloudEvent = JSON.parse(JSON.stringify({ ...toCloudEvent(event), signature: sign(event) })) as unknown;
    expect(sent).to.deep.equal([
      {
        topic: 'task-audit',
        entries: [
          {
            entryId: event.event_id,
            event: cloudEvent,
            contentType: 'application/cloudevents+json',
            metadata: { partitionKey: 'alice' },
          },
        ],
      },
    ]);
    expect(cloudEvent).to.include({ id: event.event_id, partitionkey: 'alice' });
  });

  it("never overtake each other: a user's next one waits for the acknowledgement of the one before", async () => {
    const published = publisher.publish('task-audit', [...eventsOf('alice', 4, 6), ...eventsOf('bob', 1, 1)]);
    await settled();
    expect(places()).to.deep.equal(['alice 4, bob 1']);
    await acknowledge();
    expect(places()).to.deep.equal(['alice 4, bob 1', 'alice 5']);
    await acknowledge();
    await acknowledge();
    await published;
    expect(places()).to.deep.equal(['alice 4, bob 1', 'alice 5', 'alice 6']);
  });

  it('stop at the first that fails', async () => {
    const published = publisher.publish('task-audit', eventsOf('alice', 1, 2)).catch((error: unknown) => error);
    await settled();
    waiting[0]?.fail(new Error('no broker'));
    expect(await published).to.be.an('error');
    expect(places()).to.deep.equal(['alice 1']);
  });

  it('are parted where a request would become too large for daprd, and sent side by side', async () => {
    const long = { description: '\u0007'.repeat(16 * 1024) };
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    const published = publisher.publish(
      'task-audit',
      users.map((user) => eventAt(user, 2, long)),
    );
    await settled();
    expect(sent.length).to.be.greaterThan(1);
    expect(sent.flatMap(({ entries }) => entries)).to.have.length(users.length);
    for (const { entries } of sent) expect(JSON.stringify(entries).length).to.be.lessThan(2 * 1024 * 1024);
    await acknowledge();
    await published;
  });

  it('go out when they are handed over again, after no key could be read to sign them', async () => {
    let signer = () => Promise.reject<Signer>(new Error('the database is away'));
    publisher = new BulkPublisher(
      (topic, body) => Promise.resolve(void sent.push({ topic, entries: JSON.parse(body) as Sent['entries'] })),
      { signer: () => signer() },
    );
    const events = eventsOf('alice', 1, 1);
    expect(await publisher.publish('task-audit', events).catch((error: unknown) => error)).to.be.an('error');
    signer = () => signatures.signer();
    await publisher.publish('task-audit', events);
    expect(places()).to.deep.equal(['alice 1']);
  });

  it('are nothing when there are none', async () => {
    await publisher.publish('task-audit', []);
    expect(sent).to.be.empty;
  });
});
