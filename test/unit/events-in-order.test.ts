import { expect } from 'chai';
import fc from 'fast-check';
import { eventsAfter, groupByUser } from '../../domain/events/in-order.js';
import { eventAt, eventsOf } from '../support/events.js';

describe('events in the order of a user', () => {
  const seqs = (place: number, ...given: number[]) =>
    eventsAfter(
      place,
      given.map((seq) => eventAt('alice', seq)),
    )?.map((event) => event.seq);

  it('are what comes right after a place, in order, each once', () => {
    expect(seqs(0, 1, 2, 3)).to.deep.equal([1, 2, 3]);
    expect(seqs(2, 4, 3)).to.deep.equal([3, 4]);
    expect(seqs(2, 3, 3, 1, 2, 3)).to.deep.equal([3]);
    expect(seqs(5, 4, 5)).to.deep.equal([]);
    expect(seqs(5)).to.deep.equal([]);
  });

  it('are none at all when one before the last is missing', () => {
    expect(seqs(0, 2)).to.equal(undefined);
    expect(seqs(2, 3, 5)).to.equal(undefined);
  });

  it('are found whatever the order and however often each comes', () => {
    const deliveries = fc.shuffledSubarray(
      eventsOf('alice', 1, 8).flatMap((event) => [event, event]),
      { minLength: 16 },
    );
    fc.assert(
      fc.property(deliveries, fc.integer({ min: 0, max: 8 }), (events, place) => {
        expect(eventsAfter(place, events)).to.deep.equal(eventsOf('alice', place + 1, 8));
      }),
    );
  });

  it('stay in their order when they are told apart by user', () => {
    const [a, b] = [eventsOf('alice', 1, 3), eventsOf('bob', 7, 8)];
    const mixed = [a[0]!, b[0]!, a[1]!, a[2]!, b[1]!];
    expect([...groupByUser(mixed)]).to.deep.equal([
      ['alice', a],
      ['bob', b],
    ]);
  });
});
