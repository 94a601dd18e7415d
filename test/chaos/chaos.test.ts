import { expect } from 'chai';
import { newSeed } from '../support/seeded.js';
import { startTimeoutMs } from '../support/system.js';
import { reportText } from './report.js';
import { runChaos, type ChaosOptions } from './run-chaos.js';

describe('chaos', function () {
  this.timeout(startTimeoutMs);

  const expectAllKept = async (options: Pick<ChaosOptions, 'shape' | 'forMs' | 'load'>): Promise<void> => {
    const tell = (what: string): void => void process.stdout.write(`      ${what.replaceAll('\n', '\n      ')}\n`);
    const report = await runChaos({ ...options, longestDownMs: 12_000, seed: newSeed(), tell });
    tell(reportText(report));
    expect(report.violations.slice(0, 20), `seed ${report.seed}`).to.deep.equal([]);
  };

  it('whatever dies, stands still, joins and leaves: no acknowledged command is lost, none is done twice, all see it, each occurrence done with has one successor, and each reminder comes once', async () => {
    await expectAllKept({ shape: 'one-process', forMs: 30_000, load: { users: 8, remindWithinMs: 15_000 } });
  });

  it('the same where each role is a process of its own, on Kafka: and each event is there, in the order of its user', async () => {
    await expectAllKept({
      shape: 'split',
      forMs: 30_000,
      load: {
        users: 6,
        pauseMs: 150,
        followersPerUser: 2,
        remindWithinMs: 15_000,
        light: { users: 20, pauseMs: 5_000, followers: 4 },
      },
    });
  });
});
