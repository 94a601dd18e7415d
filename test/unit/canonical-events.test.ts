import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalEvent } from '../../domain/events/canonical.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { canonical } from '../support/audit-chain.js';
import { eventAt } from '../support/events.js';

/** The same in another order of members, at every depth, as daprd hands it on. */
function reversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversed) as T;
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).reverse();
  return Object.fromEntries(members.map(([name, member]) => [name, reversed(member)])) as T;
}

const events = fc
  .record({
    seq: fc.integer({ min: 1, max: 2 ** 40 }),
    title: fc.string({ unit: 'grapheme', maxLength: 30 }),
    description: fc.string({ unit: 'binary', maxLength: 30 }),
    tags: fc.array(fc.string({ unit: 'grapheme', maxLength: 5 }), { maxLength: 3 }),
    recurrence: fc.constantFrom(
      null,
      'daily' as const,
      { rule: 'FREQ=DAILY', basis: 'completion', catch_up: 'all' } as const,
    ),
    reminders: fc.array(fc.constantFrom({ before: 'PT15M' }, { at: '2026-11-29T18:00' }), { maxLength: 2 }),
  })
  .map(({ seq, ...task }): CommittedEvent => ({ ...eventAt('alice', 2, task), seq }));

describe('the canonical form of an event', () => {
  it('is that of RFC 8785, whatever is in it', () => {
    fc.assert(fc.property(events, (event) => void expect(canonicalEvent(event)).to.equal(canonical(event))));
  });

  it('is the same whatever the order of its members was', () => {
    fc.assert(
      fc.property(events, (event) => void expect(canonicalEvent(reversed(event))).to.equal(canonicalEvent(event))),
    );
  });
});
