import type { Bench } from '../bench.js';
import type { DrainJob, DrainRound } from '../drain/job.js';
import { spreadOf, type Spread } from '../statistics.js';

/** How fast a backlog of events goes out to Kafka, in events a second; each event is a message to each of three topics. */
export interface DrainFigures {
  readonly events: number;
  readonly users: number;
  readonly drained: Spread;
  /** Dapr's own bulk publish of the same messages, as many at once. */
  readonly bulk: Spread;
  readonly ratio: Spread;
}

export async function measureDrain({ plan, programs, progress }: Bench): Promise<DrainFigures> {
  const { events, users } = plan.drain;
  const step = progress.step(`a backlog of ${events} events into Kafka`);
  const job: DrainJob = { rounds: plan.rounds, events, users };
  const rounds = (await programs.run('test/bench/drain/main.js', job)) as DrainRound[];
  const ratio = spreadOf(rounds.map(({ drainedPerSecond, bulkPerSecond }) => drainedPerSecond / bulkPerSecond));
  step.done(`${ratio.median.toFixed(2)} of Dapr's bulk publish`);
  return {
    events,
    users,
    drained: spreadOf(rounds.map(({ drainedPerSecond }) => drainedPerSecond)),
    bulk: spreadOf(rounds.map(({ bulkPerSecond }) => bulkPerSecond)),
    ratio,
  };
}
