import { Seeded } from '../support/seeded.js';
import { startTestSystem, type SystemOptions } from '../support/system.js';
import { isReady, underLoad } from '../support/trial.js';
import { until } from '../support/until.js';
import { faults, faultWeights, type Victim } from './faults.js';

export interface ChaosOptions {
  /** The same seed does the same things to the system, one after the other; what they meet is up to the machine. */
  readonly seed: number;
  /** No new fault after this time, in milliseconds. */
  readonly forMs: number;
  /** Told of each fault. */
  readonly tell: (what: string) => void;
  readonly system?: SystemOptions;
}

/**
 * Breaks a system of its own in ever new ways while clients are at work. After each fault the system must become ready by
 * itself and take commands, and what was done by users who fell silent at the fault must be everywhere; at the end every
 * promise is checked.
 * @throws AssertionError with the broken promises
 */
export async function runChaos({ seed, forMs, tell, system: options = {} }: ChaosOptions): Promise<void> {
  const random = new Seeded(seed);
  const began = performance.now();
  const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  tell(`seed ${seed}`);
  const system = await startTestSystem(options);
  const victim: Partial<Victim> = {};
  try {
    await underLoad(
      system,
      'chaos',
      async (trial) => {
        const all: Victim = Object.assign(victim, { system, trial, random, second: undefined });
        while (performance.now() - began < forMs) {
          const silent = trial.users.filter(() => random.chance(0.3)).slice(0, trial.users.length / 2);
          trial.load.fallSilent(silent);
          const what = await faults[random.weighted(faultWeights)](all);
          if (what === null) continue;
          tell(`${seconds()}: ${what}`);
          await until('the system is ready again', () => isReady(system), 60_000);
          await trial.acknowledgedMore(50);
          await trial.everywhere(silent);
        }
        await all.second?.leave();
      },
      { seed, users: 8, longestMs: forMs + 300_000 },
    );
  } finally {
    await victim.second?.kill9();
    await system.remove();
  }
}
