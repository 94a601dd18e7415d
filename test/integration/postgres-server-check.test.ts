import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { checkServer, DatabaseError, whyUnsuitable } from '../../runtime/postgres/server-check.js';
import { emptyTestDatabase, type TestDatabase } from '../support/postgres.js';

describe('DATABASE_URL', function () {
  this.timeout(20_000);
  let database: TestDatabase;
  before(async () => {
    database = await emptyTestDatabase();
  });
  after(() => database.drop());

  const problem = async (change: Partial<URL>, url = database.url): Promise<string> => {
    try {
      await checkServer(Object.assign(new URL(url), change).href);
    } catch (error) {
      if (error instanceof DatabaseError) return error.message;
      throw error;
    }
    throw new Error('it was taken');
  };

  it('is taken when its server can be used', () => checkServer(database.url));

  it('where no server answers is refused, and the message has no password in it', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const address = free.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    free.close();
    expect(await problem({ port }))
      .to.match(/no server answers there .*ECONNREFUSED/)
      .and.include(`127.0.0.1:${port}`)
      .and.not.include(new URL(database.url).password);
  });

  it('with a wrong password is refused', async () => {
    expect(await problem({ password: 'wrong' })).to.match(/does not let this user in .*password/);
  });

  it('of a database that does not exist is refused', async () => {
    expect(await problem({ pathname: '/nowhere' })).to.match(/"nowhere" does not exist.*CREATE DATABASE/);
  });

  it('of a database that cannot hold every script is refused', async () => {
    const latin = await emptyTestDatabase(`ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`);
    expect(await problem({}, latin.url)).to.match(/encoded in LATIN1.*ENCODING 'UTF8'/);
    await latin.drop();
  });

  it('of a server that is too old is refused', () => {
    expect(whyUnsuitable(130_014, 'UTF8')).to.match(/PostgreSQL 13; 14 or newer/);
    expect(whyUnsuitable(140_000, 'UTF8')).to.equal(undefined);
  });
});
