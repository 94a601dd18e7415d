import { mock } from 'node:test';
import { expect } from 'chai';
import { pino } from 'pino';
import { LiveFeeds } from '../../subscribers/websocket/live-feeds.js';
import { PlaceCheck } from '../../subscribers/websocket/place-check.js';

const settle = () => new Promise(setImmediate);

/** One user with a connection; nothing is sent. */
class OneUser extends LiveFeeds {
  override userIds(): string[] {
    return ['alice'];
  }
}

describe('the comparison of places', () => {
  let comparisons: number;
  let tookMs: number;
  let check: PlaceCheck;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    [comparisons, tookMs] = [0, 0];
    check = new PlaceCheck({
      feeds: new OneUser(),
      seqsOf: () => {
        const began = performance.now();
        while (performance.now() - began < tookMs);
        comparisons += 1;
        return Promise.resolve([]);
      },
      limits: { compareEveryMs: 5_000, compareRestFactor: 1_000 },
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

  it('rests a multiple of the time that it took', async () => {
    tookMs = 20;
    expect(await pass(5_000)).to.equal(1);
    expect(await pass(19_000)).to.equal(1);
    expect(await pass(600_000)).to.equal(2);
  });

  it('ends with its role', async () => {
    await check.stop();
    expect(await pass(600_000)).to.equal(0);
  });
});
