import { randomUUID } from 'node:crypto';
import { openAuth } from '../../../runtime/auth/open-auth.js';
import { readConfig } from '../../../runtime/config.js';
import { drain } from '../backlog.js';
import { userNames, type Bench } from '../bench.js';
import { killHosts, type HostKill } from '../events/host-kill.js';
import type { Arrivals, ArrivalsJob } from '../events/job.js';
import { keepingUp, type KeepingUp } from '../events/keeping-up.js';
import { databaseUrlOf } from '../programs.js';
import { someTask } from '../some-tasks.js';

/** How the system runs. */
export const eventShapes = ['one process', 'split'] as const;
export type EventShape = (typeof eventShapes)[number];

/** What events on Kafka take, in one shape. */
export interface EventFigures {
  readonly shape: EventShape;
  /** From a command to a consumer of Kafka, a round each: at the first rate that was held (else the last), and at half of it. */
  readonly arrivals: readonly (readonly Arrivals[])[];
  /** Commands a second that were not held. */
  readonly notHeld: readonly number[];
  readonly keepingUp: readonly KeepingUp[];
  /** Empty where one process hosts all actors. */
  readonly hostKills: readonly HostKill[];
}

/** Each shape on a broker and a database of its own. */
export async function measureEvents(bench: Bench): Promise<EventFigures[]> {
  const figures: EventFigures[] = [];
  for (const shape of eventShapes) figures.push(await measureShape(bench, shape));
  return figures;
}

async function measureShape(
  { plan, programs, progress, dataDir, openPool }: Bench,
  shape: EventShape,
): Promise<EventFigures> {
  const { rounds, users: count, rates, warmUpSeconds, seconds, hostKill } = plan.events;
  const starting = progress.step(`${shape}, on Kafka`);
  const ownDir = `${dataDir}-events-${shape.replace(' ', '-')}`;
  const kafka = await programs.startKafka();
  const env = { KAFKA_BROKERS: kafka.brokers };
  const system = await (shape === 'split' ? programs.startSplit(ownDir, env) : programs.startSystem(ownDir, [], env));
  const pool = openPool(await databaseUrlOf(ownDir));
  const { issueToken } = await openAuth(readConfig({ DATA_DIR: ownDir }, []));
  const tokensOf = (users: readonly string[]) =>
    Promise.all(users.map(async (user) => (await issueToken?.({ user, expiresInSeconds: 24 * 3600 })) ?? ''));
  starting.done();

  const users = userNames('event', count);
  const tokens = await tokensOf(users);
  const arrivalsAt = async (rate: number): Promise<Arrivals> => {
    const job: ArrivalsJob = {
      url: system.url,
      brokers: kafka.brokers,
      tokens,
      bodies: users.map((_, number) => JSON.stringify(someTask(number))),
      keyPrefix: randomUUID(),
      rate,
      warmUpSeconds,
      seconds,
    };
    const measured = (await programs.run('test/bench/events/main.js', job)) as Arrivals;
    // What one rate left over is not to be carried by the next.
    await drain(pool);
    return measured;
  };
  const arrivals: Arrivals[][] = [];
  const notHeld: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const step = progress.step(`${shape}: to a consumer of Kafka, at a steady rate`);
    const left = [...rates.filter((rate) => rate <= (arrivals.at(-1)?.[0]?.rate ?? Infinity))];
    let measured: Arrivals | undefined;
    for (let rate = left.shift(); rate !== undefined && !measured?.wasHeld; rate = left.shift()) {
      measured = await arrivalsAt(rate);
      if (!measured.wasHeld) notHeld.push(rate);
    }
    if (!measured) throw new Error('a plan without rates');
    const both = [measured, await arrivalsAt(measured.rate / 2)];
    arrivals.push(both);
    const texts = both.map(({ rate, afterAcknowledgement: { p50, p99 } }) => {
      return `${rate}/s: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
    });
    step.done(texts.join('; '));
  }

  const keeping: KeepingUp[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const step = progress.step(`${shape}: audit log and live feed at the full rate`);
    keeping.push(await keepingUp(plan, programs, pool, system, users, tokens));
    await drain(pool);
    step.done(`${keeping.at(-1)?.commandsPerSecond.toFixed(0)}/s`);
  }

  let hostKills: HostKill[] = [];
  if (shape === 'split') {
    const step = progress.step(`${shape}: a host of actors is killed`);
    hostKills = await killHosts(plan, system, await tokensOf(userNames('host', hostKill.users)));
    step.done(hostKills.map(({ longestAfter }) => `${longestAfter.toFixed(1)} s`).join(', '));
  }
  await pool.end();
  await system.stop();
  await kafka.stop();
  return { shape, arrivals, notHeld, keepingUp: keeping, hostKills };
}
