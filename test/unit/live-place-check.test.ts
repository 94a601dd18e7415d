import { mock } from 'node:test';
import { expect } from 'chai';
import { pino } from 'pino';
import { LiveFeeds } from '../../subscribers/websocket/live-feeds.js';
import { PlaceCheck } from '../../subscribers/websocket/place-check.js';

const settle = () => new Promise(setImmediate);

/** Users with a connection each; nothing is sent. */
class SomeUsers extends LiveFeeds {
  override userIds(): string[] {
    return Array.from({ length: users }, (_, number) => `user-${number}`);
  }
}
let users: number;

describe('the comparison of places', () => {
  let comparisons: number;
  let check: PlaceCheck;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    [comparisons, users] = [0, 1];
    check = new PlaceCheck({
      feeds: new SomeUsers(),
      seqsOf: () => {
        comparisons += 1;
        return Promise.resolve([]);
      },
      limits: { compareEveryMs: 5_000, compareRestMsOfUser: 50 },
      log: pino({ level: 'silent' }),
    });
  });
  afterEach(async () => {
    await check.stop();
    mock.timers.reset();
  });
  const pass = async (ms: number): Promise<number> => {
    mock.timers.tick(ms);
    await settle();
    return comparisons;
  };

  it('is made every 5 s, and when it is asked for', async () => {
    expect(await pass(4_999)).to.equal(0);
    expect(await pass(1)).to.equal(1);
    check.request();
    expect(await pass(0)).to.equal(2);
    expect(await pass(4_999)).to.equal(2);
    expect(await pass(1)).to.equal(3);
  });

  it('rests by the number of the users that it asked about, however long the answer took', async () => {
    users = 400;
    expect(await pass(5_000)).to.equal(1);
    expect(await pass(19_999)).to.equal(1);
    expect(await pass(1)).to.equal(2);
  });

  it('ends with its role', async () => {
    await check.stop();
    expect(await pass(600_000)).to.equal(0);
  });
});
