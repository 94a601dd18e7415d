import { randomUUID } from 'node:crypto';
import { drain } from '../backlog.js';
import { userNames, type Bench } from '../bench.js';
import { spreadOf, type Spread } from '../statistics.js';
import type { SuccessorJob, SuccessorResult } from '../successor/job.js';

/** From the acknowledgement of a completion to the list that has the successor, in milliseconds. */
export interface SuccessorFigures {
  readonly rate: number;
  readonly users: number;
  readonly completions: number;
  readonly p50: Spread;
  readonly p99: Spread;
  readonly most: Spread;
}

export async function measureSuccessor(bench: Bench): Promise<SuccessorFigures> {
  const { plan, programs, progress, running, pool, tokens } = bench;
  const { rate, users, seconds } = plan.successor;
  const step = progress.step(`completions to successors at ${rate}/s`);
  const results: SuccessorResult[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    const job: SuccessorJob = {
      url: running.dapr.url,
      tokens: await tokens(userNames('successor', users)),
      prefix: randomUUID().slice(0, 8),
      rate,
      warmUpSeconds: plan.warmUpSeconds,
      seconds,
    };
    results.push((await programs.run('test/bench/successor/main.js', job)) as SuccessorResult);
    await drain(pool);
  }
  const of = (key: keyof SuccessorResult): Spread => spreadOf(results.map((result) => result[key]));
  const completions = results.reduce((sum, result) => sum + result.completions, 0);
  const figures = { rate, users, completions, p50: of('p50'), p99: of('p99'), most: of('most') };
  step.done(`p50 ${figures.p50.median.toFixed(1)} ms, p99 ${figures.p99.median.toFixed(1)} ms`);
  return figures;
}
