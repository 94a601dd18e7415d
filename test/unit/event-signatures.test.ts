import { expect } from 'chai';
import { toCloudEvent } from '../../domain/events/cloud-event.js';
import { signatureOf } from '../../runtime/pubsub/event-signatures.js';
import { eventAt } from '../support/events.js';
import { signaturesOf } from '../support/signatures.js';

const event = eventAt('alice', 2);

describe('the signature of an event', () => {
  it('is known again by another process with the same keys, whatever the order of the members', async () => {
    const signature = (await signaturesOf().signer())(event);
    const isOurs = await signaturesOf().checker([signature]);
    expect(isOurs(event, signature)).to.equal(true);
    const { before, ...rest } = event;
    expect(isOurs({ before, ...rest }, signature)).to.equal(true);
  });

  it('is HMAC-SHA256 over the canonical form, behind the id of its key', async () => {
    expect((await signaturesOf().signer())(event)).to.match(/^1\.[\w-]{43}$/);
  });

  it('is of no other event: not of one that differs in any of its members', async () => {
    const signatures = signaturesOf();
    const signature = (await signatures.signer())(event);
    const isOurs = await signatures.checker([signature]);
    const others: object[] = [
      { seq: 3 },
      { user_id: 'bob' },
      { type: 'TASK_COMPLETED' },
      { event_id: eventAt('alice', 3).event_id },
      { after: { ...event.after, title: 'Another' } },
      { before: null },
    ];
    for (const other of others) {
      expect(isOurs({ ...event, ...other }, signature), JSON.stringify(other)).to.equal(false);
    }
  });

  it('is nothing that somebody else can make, nor anything else', async () => {
    const signatures = signaturesOf();
    const good = (await signatures.signer())(event);
    const foreign = (await signaturesOf(["somebody else's"]).signer())(event);
    const wrong = [
      foreign,
      null,
      '',
      '.',
      '1',
      '1.',
      `${good}x`,
      good.slice(0, -2),
      good.slice(2),
      `2${good.slice(1)}`,
      `x${good}`,
    ];
    const isOurs = await signatures.checker(wrong);
    for (const signature of wrong) expect(isOurs(event, signature), String(signature)).to.equal(false);
  });

  it('comes from the newest key, and older ones are still known', async () => {
    const keys = ['old'];
    const old = (await signaturesOf(keys).signer())(event);
    keys.push('new');
    const signatures = signaturesOf(keys);
    const signature = (await signatures.signer())(event);
    expect(signature).to.match(/^2\./);
    const isOurs = await signatures.checker([signature, old]);
    expect([signature, old].map((one) => isOurs(event, one))).to.deep.equal([true, true]);
  });

  it('by a key of which this process has not heard yet has it look before it judges', async () => {
    const keys = ['old'];
    const signatures = signaturesOf(keys);
    await signatures.checker([]);
    keys.push('new');
    const signature = (await signaturesOf(keys).signer())(event);
    expect((await signatures.checker([signature]))(event, signature)).to.equal(true);
  });

  it('by a key that was deleted is unknown to who comes then', async () => {
    const leaked = (await signaturesOf(['leaked']).signer())(event);
    expect((await signaturesOf([null, 'new']).checker([leaked]))(event, leaked)).to.equal(false);
  });

  it('is not made without a key', async () => {
    const error = await signaturesOf([])
      .signer()
      .catch((thrown: unknown) => String(thrown));
    expect(error).to.match(/INSERT INTO event_keys/);
  });

  it('is read from a CloudEvent, if that is one', () => {
    expect(signatureOf({ ...toCloudEvent(event), signature: '1.x' })).to.equal('1.x');
    for (const received of [null, 'x', {}, { signature: 7 }]) expect(signatureOf(received)).to.equal(null);
  });
});
