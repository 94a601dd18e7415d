import { randomUUID } from 'node:crypto';
import { drain } from '../backlog.js';
import { userNames, type Bench } from '../bench.js';
import type { LiveJob, LiveResult } from '../live/job.js';
import { someTask } from '../some-tasks.js';
import { spreadOf, type Spread } from '../statistics.js';

/** From the acknowledgement of a command to its frame on the live feed, in milliseconds. */
export interface LiveFigures {
  readonly rate: number;
  readonly users: number;
  readonly frames: number;
  readonly beforeAcknowledgement: Spread;
  readonly p50: Spread;
  readonly p99: Spread;
  readonly most: Spread;
}

export async function measureLive({ plan, programs, progress, running, pool, tokens }: Bench): Promise<LiveFigures> {
  const { rate, users, seconds } = plan.live;
  const step = progress.step(`live feed at ${rate} commands/s`);
  const results: LiveResult[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    const job: LiveJob = {
      url: running.dapr.url,
      tokens: await tokens(userNames('live', users)),
      bodies: Array.from({ length: users }, (_, number) => JSON.stringify(someTask(number))),
      keyPrefix: randomUUID(),
      rate,
      warmUpSeconds: plan.warmUpSeconds,
      seconds,
    };
    results.push((await programs.run('test/bench/live/main.js', job)) as LiveResult);
    await drain(pool);
  }
  const of = (key: keyof LiveResult): Spread => spreadOf(results.map((result) => result[key]));
  const figures = {
    rate,
    users,
    frames: results.reduce((sum, { frames }) => sum + frames, 0),
    beforeAcknowledgement: of('beforeAcknowledgement'),
    p50: of('p50'),
    p99: of('p99'),
    most: of('most'),
  };
  step.done(`p50 ${figures.p50.median.toFixed(1)} ms, p99 ${figures.p99.median.toFixed(1)} ms`);
  return figures;
}
