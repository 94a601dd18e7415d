import { expect } from 'chai';
import { toCloudEvent } from '../../domain/events/cloud-event.js';
import { TodoError } from '../../domain/errors.js';
import { fromMessage, toBatches } from '../../runtime/pubsub/event-batch.js';
import { eventAt, eventsOf } from '../support/events.js';

/** As it arrives: what daprd passes on is JSON, with members of its own. */
const received = (message: object): unknown => JSON.parse(JSON.stringify({ ...message, topic: 'x', traceid: 'y' }));
const mebibyte = 1024 * 1024;

describe('events in one message', () => {
  it('arrive as they were sent, in their order', () => {
    const events = [...eventsOf('alice', 1, 5), ...eventsOf('bob', 1, 5)];
    const batches = toBatches(events);
    expect(batches).to.have.length(1);
    expect(batches.flatMap((batch) => fromMessage(received(batch)))).to.deep.equal(events);
  });

  it('are parted where a message would become too large for daprd, in their order', () => {
    const long = { title: '\u{1f4b8}'.repeat(250), description: '\u0007'.repeat(16 * 1024), tags: ['"'.repeat(50)] };
    const events = Array.from({ length: 100 }, (_, index) => eventAt('alice', index + 1, long));
    const batches = toBatches(events);
    expect(batches.length).to.be.greaterThan(1);
    for (const batch of batches) expect(Buffer.byteLength(JSON.stringify(batch))).to.be.lessThan(2 * mebibyte);
    expect(batches.flatMap((batch) => fromMessage(received(batch)))).to.deep.equal(events);
  });

  it('are none for no events', () => {
    expect(toBatches([])).to.be.empty;
  });

  it('are named after the first of them, so that the same message again is known', () => {
    const events = eventsOf('alice', 4, 6);
    expect(toBatches(events)).to.deep.equal(toBatches(events));
    expect(toBatches(events)[0]?.id).to.equal(`${events[0]?.event_id}+3`);
  });

  it('are never sent when one does not fit its schema', () => {
    const unsound = { ...eventAt('alice', 2), version: 0 };
    expect(() => toBatches([eventAt('alice', 1), unsound]))
      .to.throw(TodoError)
      .with.property('code', 'invalid');
  });

  it('may come one by one, as a real broker carries them', () => {
    const event = eventAt('alice', 1);
    expect(fromMessage(received(toCloudEvent(event)))).to.deep.equal([event]);
  });

  it('are refused as a whole when the message is something else, or one of them is', () => {
    const [batch] = toBatches(eventsOf('alice', 1, 2));
    const withData = (text: string) => ({ ...batch, data_base64: Buffer.from(text).toString('base64') });
    const unsound = [...eventsOf('alice', 1, 2).map(toCloudEvent), { specversion: '1.0' }];
    const broken = [withData(JSON.stringify(unsound)), withData('{}'), withData('['), { ...batch, data_base64: 7 }];
    for (const message of [null, 7, [], {}, { type: 'todo-chatbot.batch' }, ...broken]) {
      expect(() => fromMessage(message))
        .to.throw(TodoError)
        .with.property('code', 'invalid');
    }
  });
});
