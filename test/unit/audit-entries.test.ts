import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalFacts, chain, firstHash, plainEntryHash, type AuditEntry } from '../../subscribers/audit/entry.js';
import { newDataKey, openSealed, seal } from '../../subscribers/audit/seal.js';
import { ChainCheck, type Fault, type FoundEntry } from '../../subscribers/audit/verify/chain-check.js';
import { canonical } from '../support/audit-chain.js';
import { eventAt, eventsOf, factAt } from '../support/events.js';

const key = newDataKey();

describe('what an entry of the audit log changed', () => {
  const event = eventAt('alice', 2, { title: 'Zoë’s 👍' });

  it('is sealed, opens with the key at its place, and is not the same twice', () => {
    const sealed = seal(key, event);
    expect(sealed.toString('latin1')).not.to.include('Zo');
    expect(openSealed(key, event, sealed)).to.deep.equal({ before: event.before, after: event.after });
    expect(seal(key, event).equals(sealed)).to.equal(false);
  });

  it('is sealed together with what a fact says, and only a fact has that', () => {
    const fact = factAt('alice', 3, 2);
    const sealed = seal(key, fact);
    expect(sealed.toString('latin1')).not.to.include('reminder');
    const { before, after, detail } = fact;
    expect(openSealed(key, fact, sealed)).to.deep.equal({ before, after, detail });
    expect(openSealed(key, event, seal(key, event))).not.to.have.property('detail');
    const [entry] = chain([fact], firstHash, key);
    const [other] = chain([{ ...fact, detail: factAt('alice', 4, 2).detail! }], firstHash, key);
    expect(entry?.hash.equals(other!.hash)).to.equal(false);
  });

  it('does not open by another key, at another place, or with a byte changed', () => {
    const sealed = seal(key, event);
    expect(() => openSealed(newDataKey(), event, sealed)).to.throw();
    expect(() => openSealed(key, { user_id: 'bob', seq: 2 }, sealed)).to.throw();
    expect(() => openSealed(key, { user_id: 'alice', seq: 3 }, sealed)).to.throw();
    for (const at of [0, 12, 40, sealed.length - 1])
      expect(() => openSealed(key, event, flipped(sealed, at))).to.throw();
  });

  it('stands in its hash by the hash of the sealed form, within the canonical JSON of all else', () => {
    const [entry] = chain([event], firstHash, key);
    const { before: _before, after: _after, ...facts } = event;
    const content_hash = createHash('sha256').update(entry!.sealed).digest('hex');
    const own = createHash('sha256')
      .update(firstHash)
      .update(canonical({ ...facts, content_hash }));
    expect(entry?.hash.toString('hex')).to.equal(own.digest('hex'));
  });

  it('has everything else in canonical JSON, whatever the user is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1 }), (user_id, seq) => {
        const { before: _before, after: _after, ...facts } = { ...event, user_id, seq };
        expect(canonicalFacts(facts, 'ab')).to.equal(canonical({ ...facts, content_hash: 'ab' }));
      }),
    );
  });
});

describe('the check of a chain', () => {
  const found = (entries: readonly AuditEntry[]): FoundEntry[] =>
    entries.map(({ event, sealed, previousHash, hash }) => ({
      event: { ...event, before: null, after: null },
      contentHash: createHash('sha256').update(sealed).digest(),
      previousHash,
      hash,
      isForgotten: false,
      differsFromEvent: false,
    }));
  const log = (user: string, last: number) => found(chain(eventsOf(user, 1, last), firstHash, key));
  const check = (entries: readonly FoundEntry[]): Fault[] => {
    const chainCheck = new ChainCheck();
    return entries.flatMap((entry) => chainCheck.next(entry) ?? []);
  };
  const changed = (entries: readonly FoundEntry[], seq: number, change: (entry: FoundEntry) => Partial<FoundEntry>) =>
    entries.map((entry) => (entry.event.seq === seq ? { ...entry, ...change(entry) } : entry));
  const only = (faults: readonly Fault[]): [string | null, number | null, string] => {
    expect(faults).to.have.length(1);
    const { userId, seq, what } = faults[0]!;
    return [userId, seq, what];
  };

  it('finds nothing in logs that are whole', () => {
    expect(check([...log('alice', 5), ...log('bob', 1), ...log('carol', 3)])).to.deep.equal([]);
    expect(check([])).to.deep.equal([]);
  });

  const alice = log('alice', 5);
  const facts = { actor: 'mcp', version: 9, type: 'TASK_DELETED', timestamp: '2026-11-24T09:00:03.001Z' } as const;
  for (const [name, value] of Object.entries(facts)) {
    it(`finds another ${name}, and names the entry alone`, () => {
      const forged = changed(alice, 3, ({ event }) => ({ event: { ...event, [name]: value } }));
      expect(only(check([...forged, ...log('bob', 2)]))).to.deep.equal([
        'alice',
        3,
        'its hash is not that of its content',
      ]);
    });
  }

  it('finds a byte of the content that was changed', () => {
    const forged = changed(alice, 3, ({ contentHash }) => ({ contentHash: flipped(contentHash!, 0) }));
    expect(only(check(forged))).to.deep.equal(['alice', 3, 'its hash is not that of its content']);
  });

  it('finds an entry that was put in with a hash of its own', () => {
    const [other] = found(chain([eventAt('alice', 3, { title: 'Forged' })], alice[1]!.hash, key));
    expect(only(check(changed(alice, 3, () => other!)))).to.deep.equal([
      'alice',
      4,
      'it does not build on the entry before it',
    ]);
  });

  it('finds an entry that is gone, the first too', () => {
    for (const seq of [1, 4]) {
      const [user, missing, what] = only(check(alice.filter(({ event }) => event.seq !== seq)));
      expect([user, missing, what]).to.deep.equal(['alice', seq, `it is missing; the next one there is ${seq + 1}`]);
    }
  });

  it('finds two entries that changed places', () => {
    const places = [alice[0]!, alice[2]!, alice[1]!, alice[3]!];
    expect(only(check(places))[1]).to.equal(2);
  });

  it('finds an entry that the events contradict', () => {
    expect(only(check(changed(alice, 2, () => ({ differsFromEvent: true }))))).to.deep.equal([
      'alice',
      2,
      'it is not what the events say',
    ]);
  });

  describe('of entries from before content was sealed', () => {
    const plain = (): FoundEntry[] => {
      let previousHash: Buffer = firstHash;
      return eventsOf('dora', 1, 3).map((event) => {
        const hash = plainEntryHash(previousHash, event);
        const entry = { event, contentHash: null, previousHash, hash, isForgotten: false, differsFromEvent: false };
        previousHash = hash;
        return entry;
      });
    };

    it('finds what was changed in them, and nothing in whole ones and in sealed ones behind them', () => {
      const sealed = found(chain(eventsOf('dora', 4, 5), plain().at(-1)!.hash, key));
      expect(check([...plain(), ...sealed])).to.deep.equal([]);
      const forged = changed(plain(), 2, ({ event }) => ({ event: { ...event, before: null } }));
      expect(only(check(forged))).to.deep.equal(['dora', 2, 'its hash is not that of its content']);
    });

    it('lets them be blank where the user was forgotten, and only there', () => {
      const blank = (isForgotten: boolean) =>
        plain().map((entry) => ({ ...entry, isForgotten, event: { ...entry.event, before: null, after: null } }));
      expect(check(blank(true))).to.deep.equal([]);
      expect(only(check(blank(false)))[1]).to.equal(1);
      expect(only(check(blank(true).filter(({ event }) => event.seq !== 2)))[1]).to.equal(2);
    });
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
