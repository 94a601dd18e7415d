import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { pino } from 'pino';
import { BrokerWatch } from '../../runtime/pubsub/broker-watch.js';
import { until } from '../support/until.js';

describe('a sidecar that begins while its broker is away', () => {
  let loaded: string[];
  let brokerIsAway: boolean;
  let asked: number;
  let ended: number;
  let watch: BrokerWatch;

  beforeEach(() => {
    [loaded, brokerIsAway, asked, ended] = [['secrets'], true, 0, 0];
    watch = new BrokerWatch({
      log: pino({ level: 'silent' }),
      wanted: () => ['pubsub', 'pubsub-audit'],
      loaded: () => Promise.resolve(loaded),
      brokerAnswers() {
        asked += 1;
        return brokerIsAway ? Promise.reject(new Error('connection refused')) : Promise.resolve();
      },
      endSidecar: () => Promise.resolve(void (ended += 1)),
    });
  });
  afterEach(() => watch.stop());

  it('is left alone until the broker answers, and is then started again', async () => {
    watch.sidecarBegan();
    await until('the broker was asked again', () => asked >= 2, 2_000);
    expect(ended).to.equal(0);
    brokerIsAway = false;
    await until('the sidecar was ended', () => ended === 1, 2_000);
  });

  it('is not ended again and again when that does not help', async () => {
    brokerIsAway = false;
    watch.sidecarBegan();
    await until('the sidecar was ended', () => ended === 1, 2_000);
    watch.sidecarBegan();
    await until('it was looked at again', () => asked >= 3, 2_000);
    expect(ended).to.equal(1);
  });

  it('is nobody’s business when it has all that is wanted', async () => {
    loaded = ['secrets', 'pubsub', 'pubsub-audit'];
    watch.sidecarBegan();
    await sleep(50);
    expect({ asked, ended }).to.deep.equal({ asked: 0, ended: 0 });
  });
});
