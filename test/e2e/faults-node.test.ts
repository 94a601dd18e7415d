import { signalAll } from '../support/signal-all.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import { isRunning } from '../support/script.js';
import { underLoad } from '../support/trial.js';
import { until } from '../support/until.js';

describe('kill -9 of the program', function () {
  this.timeout(180_000);
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await startTestSystem();
  });
  after(() => system.remove());

  it('under load: its programs end by themselves within 10 s, the next start has lost nothing, and live feeds go on', async () => {
    await underLoad(system, 'kill -9 of the program', async () => {
      const programs = system.descendants();
      await system.kill9();
      // The next start does not wait for them, and must not trip over them.
      await Promise.all([
        until('its programs end by themselves', () => !programs.some(isRunning), 10_000),
        system.start(),
      ]);
    });
  });

  it('and all its programs at once: what was acknowledged the very moment before is there after the next start', async () => {
    await underLoad(system, 'kill -9 of everything', async ({ load }) => {
      const programs = system.descendants();
      await load.nextAcknowledgement();
      signalAll(programs, 'SIGKILL');
      await system.kill9();
      await system.start();
    });
  });
});
