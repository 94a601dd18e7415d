import { newSeed } from '../support/seeded.js';
import { startTimeoutMs } from '../support/system.js';
import { runChaos } from './run-chaos.js';

describe('chaos', () => {
  it('whatever dies, stands still, joins and leaves: no acknowledged command is lost, none is done twice, and all see it', async function () {
    this.timeout(startTimeoutMs);
    await runChaos({ seed: newSeed(), forMs: 40_000, tell: (what) => process.stdout.write(`      ${what}\n`) });
  });
});
