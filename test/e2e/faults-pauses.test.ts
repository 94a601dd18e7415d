import { setTimeout as sleep } from 'node:timers/promises';
import { signalAll } from '../support/signal-all.js';
import { descendantsOf, startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import { isReady, underLoad } from '../support/trial.js';
import { until } from '../support/until.js';

describe('a program of the system stands still for a while under load', function () {
  this.timeout(120_000);
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await startTestSystem();
  });
  after(() => system.remove());

  const pause = async (pids: readonly number[], ms: number): Promise<void> => {
    signalAll(pids, 'SIGSTOP');
    // The length of the pause is the fault, not a wait for something.
    await sleep(ms);
    signalAll(pids, 'SIGCONT');
    await until('readiness tells that all is well again', () => isReady(system), 60_000);
  };

  for (const name of ['daprd', 'postgres'] as const) {
    it(`${name}, for 3 s: what hung goes on, and no command is lost or done twice`, async () => {
      await underLoad(system, `${name} paused`, async () => {
        const pid = system.childPids()[name];
        if (pid === undefined) throw new Error(`${name} is not running`);
        await pause([pid, ...descendantsOf(pid)], 3_000);
      });
    });
  }

  it('the program itself, for 8 s: daprd takes it for dead, then back, and what it published in between is not missed', async () => {
    await underLoad(system, 'the program paused', () => pause([system.pid], 8_000));
  });
});
