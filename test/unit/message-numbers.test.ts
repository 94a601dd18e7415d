import { expect } from 'chai';
import { emptyBatch } from '../../runtime/pubsub/event-batch.js';
import { MessageNumbers, MissedMessages } from '../../runtime/pubsub/message-numbers.js';

describe('the numbers of messages', () => {
  const messages = (count: number) => {
    const numbers = new MessageNumbers();
    return Array.from({ length: count }, () => numbers.next(emptyBatch()));
  };
  const seen = (missed: MissedMessages, ...arrived: unknown[]): boolean[] =>
    arrived.map((message) => missed.before(message));

  it('tell nothing when all arrive in their order, the first one too', () => {
    expect(seen(new MissedMessages(), ...messages(3))).to.deep.equal([false, false, false]);
  });

  it('tell of a message that did not arrive at the next one that does', () => {
    const [first, , third, fourth] = messages(4);
    expect(seen(new MissedMessages(), first, third, fourth)).to.deep.equal([false, true, false]);
  });

  it('tell of a first message that did not arrive', () => {
    const [, second] = messages(2);
    expect(seen(new MissedMessages(), second)).to.deep.equal([true]);
  });

  it('tell nothing when a message is delivered again', () => {
    const [first, second] = messages(2);
    expect(seen(new MissedMessages(), first, first, second, second)).to.deep.equal([false, false, false, false]);
  });

  it('begin anew with another process, and tell when its first did not arrive', () => {
    const missed = new MissedMessages();
    const [old] = messages(1);
    const [fresh] = messages(1);
    const [, late] = messages(2);
    expect(seen(missed, old, fresh, late)).to.deep.equal([false, false, true]);
  });

  it('are not expected of a message that has none, as a real broker carries them', () => {
    expect(seen(new MissedMessages(), { specversion: '1.0', source: '/x' }, 'text', null)).to.deep.equal([
      false,
      false,
      false,
    ]);
  });
});
