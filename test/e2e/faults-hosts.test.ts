import { startSecondHost, type SecondHost } from '../support/second-host.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import { underLoad } from '../support/trial.js';
import { until } from '../support/until.js';

describe('two hosts of the same actors', function () {
  this.timeout(180_000);
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await startTestSystem();
  });
  after(() => system.remove());

  const joinAnd = async (what: string, part: (second: SecondHost) => Promise<void>): Promise<void> => {
    await underLoad(system, what, async ({ acknowledgedMore }) => {
      for (let round = 0; round < 2; round += 1) {
        const second = await startSecondHost(system);
        await until('it has had turns', () => second.turns > 20);
        await part(second);
        await acknowledgedMore(30);
      }
    });
  };

  it('joining and leaving in order under load: no acknowledged command is lost and none is done twice', async () => {
    await joinAnd('a second host joins and leaves', (second) => second.leave());
  });

  it('joining and dying under load: no acknowledged command is lost and none is done twice', async () => {
    await joinAnd('a second host joins and is killed', (second) => second.kill9());
  });
});
