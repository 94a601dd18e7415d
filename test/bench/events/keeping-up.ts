import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Plan } from '../plan.js';
import type { Program, Programs } from '../programs.js';
import { someTask } from '../some-tasks.js';
import { follow, lagNow, type LagSample } from './lag.js';

/** Whether subscribers keep up with all that the gateway takes. */
export interface KeepingUp {
  /** Commands a second. */
  readonly commandsPerSecond: number;
  readonly followed: number;
  readonly samples: readonly LagSample[];
  readonly audit: LagFigures;
  readonly live: LagFigures;
}

/** The lag of one subscriber, in events. */
export interface LagFigures {
  /** Of each quarter of the load's time. */
  readonly quarters: readonly { readonly mean: number; readonly most: number }[];
  /** By which it grows in a second, by least squares. */
  readonly slope: number;
  /** From the end of the load until nothing was missing. */
  readonly caughtUpSeconds: number;
}

const sampleMs = 1_000;
const pollMs = 25;
const longestSeconds = 300;

/** As many commands as are answered go in, each connection one after the other; the lag is looked at every second. */
export async function keepingUp(
  plan: Plan,
  programs: Programs,
  pool: Pool,
  { url }: Program,
  users: readonly string[],
  tokens: readonly string[],
): Promise<KeepingUp> {
  const { connections, seconds, followed } = plan.events.keepingUp;
  const { committed: before } = await lagNow(pool, users, []);
  const feeds = await Promise.all(
    users.slice(0, followed).map((user, place) => follow(url, user, tokens[place] ?? '')),
  );
  const look = () => lagNow(pool, users, feeds);

  let hasEnded = false;
  const load = programs
    .load({
      url,
      connections,
      tokens,
      calls: users.map((_, user) => ({
        method: 'POST',
        path: '/v1/tasks',
        user,
        body: JSON.stringify(someTask(user)),
      })),
      once: false,
      keyPrefix: randomUUID(),
      warmUp: plan.events.warmUpSeconds,
      seconds,
    })
    .finally(() => (hasEnded = true));
  const sampling = sampleUntil(() => hasEnded, before, look);
  const { requestsPerSecond } = await load;
  const ended = performance.now();
  const samples = await sampling;

  const caughtUp = { audit: NaN, live: NaN };
  while (Number.isNaN(caughtUp.audit) || Number.isNaN(caughtUp.live)) {
    const lag = await look();
    const after = (performance.now() - ended) / 1000;
    for (const name of ['audit', 'live'] as const) {
      if (Number.isNaN(caughtUp[name]) && lag[name] === 0) caughtUp[name] = after;
    }
    if (after > longestSeconds) throw new Error(`not caught up after ${after} s: ${JSON.stringify(lag)}`);
    await sleep(pollMs);
  }
  for (const feed of feeds) feed.close();
  const figures = (name: 'audit' | 'live'): LagFigures => ({
    quarters: quartersOf(samples.map((sample) => sample[name])),
    slope: slopeOf(samples.map((sample) => ({ x: sample.second, y: sample[name] }))),
    caughtUpSeconds: caughtUp[name],
  });
  return {
    commandsPerSecond: requestsPerSecond,
    followed,
    samples,
    audit: figures('audit'),
    live: figures('live'),
  };
}

/** From the first event of the load on. */
async function sampleUntil(
  hasEnded: () => boolean,
  before: number,
  look: () => Promise<Omit<LagSample, 'second'>>,
): Promise<LagSample[]> {
  const samples: LagSample[] = [];
  let began: number | undefined;
  for (;;) {
    const lag = await look();
    if (hasEnded()) return samples;
    const now = performance.now();
    if (began === undefined && lag.committed > before) began = now;
    if (began !== undefined) samples.push({ ...lag, committed: lag.committed - before, second: (now - began) / 1000 });
    await sleep(began === undefined ? pollMs : Math.max(0, began + samples.length * sampleMs - performance.now()));
  }
}

function quartersOf(values: readonly number[]): LagFigures['quarters'] {
  return [0, 1, 2, 3].map((quarter) => {
    const place = (of: number): number => Math.round((of * values.length) / 4);
    const own = values.slice(place(quarter), place(quarter + 1));
    return { mean: mean(own), most: Math.max(...own) };
  });
}

function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const [middleX, middleY] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))];
  const above = points.reduce((sum, { x, y }) => sum + (x - middleX) * (y - middleY), 0);
  return above / points.reduce((sum, { x }) => sum + (x - middleX) ** 2, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
