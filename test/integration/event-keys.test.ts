import { expect } from 'chai';
import { EventSignatures } from '../../runtime/pubsub/event-signatures.js';
import { eventAt } from '../support/events.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const event = eventAt('alice', 1);

describe('the keys that sign events', () => {
  let database: TestDatabase;
  before(async function () {
    this.timeout(30_000);
    database = await testDatabase();
  });
  after(() => database.drop());

  const isKnown = async (signatures: EventSignatures, signature: string): Promise<boolean> =>
    (await signatures.checker([signature]))(event, signature);

  it('are there from the first start on, and another process knows by them what was signed', async () => {
    const signature = (await new EventSignatures(database.pool).signer())(event);
    expect(signature).to.match(/^1\./);
    expect(await isKnown(new EventSignatures(database.pool), signature)).to.equal(true);
  });

  it('are rolled by one statement: what runs knows the new one at once, and the old one until it is deleted', async () => {
    const running = new EventSignatures(database.pool);
    const old = (await running.signer())(event);
    await database.pool.query('INSERT INTO event_keys DEFAULT VALUES');
    const signature = (await new EventSignatures(database.pool).signer())(event);
    expect(signature).to.match(/^2\./);
    expect(await isKnown(running, signature)).to.equal(true);
    expect(await isKnown(running, old)).to.equal(true);
    await database.pool.query('DELETE FROM event_keys WHERE id = 1');
    expect(await isKnown(new EventSignatures(database.pool), old)).to.equal(false);
  });

  it('are 32 bytes, each another', async () => {
    await database.pool.query('INSERT INTO event_keys DEFAULT VALUES');
    const { rows } = await database.pool.query<{ bytes: number; keys: number; different: number }>(
      'SELECT max(length(key)) AS bytes, count(*) AS keys, count(DISTINCT key) AS different FROM event_keys',
    );
    expect(rows[0]?.bytes).to.equal(32);
    expect(rows[0]?.different).to.equal(rows[0]?.keys);
  });
});
