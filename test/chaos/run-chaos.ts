import { Seeded } from '../support/seeded.js';
import { startTestSystem, type SystemOptions } from '../support/system.js';
import { beginTrial, isReady, type OpenTrial, type TrialOptions } from '../support/trial.js';
import { until } from '../support/until.js';
import { type Fault, type FaultName, faults, faultWeights } from './faults.js';
import { type ChaosReport, type Recovery, reportOf } from './report.js';
import { Victim } from './victim.js';

export interface ChaosOptions extends Required<Pick<SystemOptions, 'shape'>>, Pick<SystemOptions, 'root'> {
  /** The same seed does the same things to the system, one after the other; what they meet is up to the machine. */
  readonly seed: number;
  /** No new fault after this time, in milliseconds. */
  readonly forMs: number;
  /** This fault and no other. */
  readonly fault?: FaultName;
  readonly load: Omit<TrialOptions, 'seed' | 'longestMs'>;
  /** Of the fault that is a downtime, in milliseconds. */
  readonly longestDownMs: number;
  /** Told of each fault. */
  readonly tell: (what: string) => void;
}

/** Everything must be well again this soon after a fault, in milliseconds. */
const recoveryWithinMs = 60_000;
/** A JVM on a machine that does much else, in milliseconds. */
const kafkaWithinMs = 180_000;
/** Checking and the last recoveries come after the last fault. */
const longestRestMs = 480_000;

/**
 * Breaks a system of its own in ever new ways while clients are at work. After each fault the system must become ready by
 * itself and take commands of everybody, and what was done by users who fell silent at the fault must be everywhere; at the end
 * every promise is checked.
 * @returns what happened, with the broken promises
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, shape, forMs, load, longestDownMs, tell } = options;
  tell(`seed ${seed}, ${shape}`);
  const system = await startTestSystem(options);
  let trial: OpenTrial | undefined;
  let victim: Victim | undefined;
  const recoveries: Recovery[] = [];
  const violations: string[] = [];
  try {
    trial = await beginTrial(system, { ...load, seed, longestMs: forMs + longestRestMs });
    victim = new Victim(system, trial, new Seeded(seed), longestDownMs, shape === 'split');
    const began = performance.now();
    try {
      await trial.acknowledgedMore();
      while (performance.now() - began < forMs) {
        const recovery = await breakOnce(victim, options, began);
        if (recovery) recoveries.push(recovery);
      }
      await victim.second?.leave();
    } catch (error) {
      violations.push(text(error));
      tell(`${secondsSince(began)} s: ${violations.join()}\n${system.lines.slice(-30).join('\n')}`);
    }
    victim.second = undefined;
    const { faults: broken, ...figures } = await trial.findings().catch((error: unknown) => ({
      faults: [`it could not be checked: ${text(error)}`],
      events: 0,
      kafka: null,
      series: null,
      reminders: null,
    }));
    return reportOf({ seed, shape, minutes: forMs / 60_000 }, trial, figures, recoveries, [...violations, ...broken]);
  } finally {
    await victim?.second?.kill9();
    await trial?.close();
    await system.remove();
  }
}

/** One fault, and all that must follow. @returns null when there was none */
async function breakOnce(
  victim: Victim,
  { shape, fault, tell }: ChaosOptions,
  began: number,
): Promise<Recovery | null> {
  const { system, trial, random } = victim;
  const silent = [...trial.users, ...trial.lightUsers].filter(() => random.chance(0.3));
  // Somebody must be at work.
  const atWork = trial.users.filter((user) => !silent.includes(user));
  if (atWork.length === 0) return null;
  trial.load.fallSilent(silent);
  victim.hitAt = performance.now();
  const at = secondsSince(began);
  const doSomethingBad: Fault = faults[fault ?? random.weighted(faultWeights[shape])];
  const happened = await doSomethingBad(victim);
  // What cannot be done now can be done in a moment.
  if (happened === null && fault) await trial.acknowledgedMore(10);
  if (happened === null) return null;

  const { hitAt } = victim;
  await until(`the system is ready again after: ${happened.kind}`, () => isReady(system), recoveryWithinMs);
  let back = new Map<string, number>();
  await until(
    `everybody is acknowledged a command again after: ${happened.kind}`,
    () => {
      back = trial.load.firstAcknowledgements(hitAt);
      return atWork.every(({ id }) => back.has(id));
    },
    recoveryWithinMs,
  );
  const ms = Math.max(...atWork.map(({ id }) => (back.get(id) ?? hitAt) - hitAt));
  await trial.acknowledgedMore(50);
  // Commands do not wait for it, but what they have published does.
  const hasKafka = (): boolean => system.kafkaBrokers === null || system.kafkaPid() !== undefined;
  await until('kafka is there again', hasKafka, kafkaWithinMs);
  const settledAt = performance.now();
  await trial.everywhere(silent, ([late]) => tell(`${secondsSince(began)} s: waiting, ${late}`));
  const settled = ((performance.now() - settledAt) / 1000).toFixed(1);
  const what = [happened.kind, ...(happened.detail === undefined ? [] : [happened.detail])].join(' ');
  tell(`${at} s: ${what}; all are served after ${(ms / 1000).toFixed(1)} s, all is everywhere ${settled} s later`);
  return { kind: happened.kind, ms };
}

const secondsSince = (began: number): string => ((performance.now() - began) / 1000).toFixed(1);
const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
