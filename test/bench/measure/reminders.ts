import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { drain } from '../backlog.js';
import { userNames, type Bench } from '../bench.js';
import { memoryOf, type ProgramMemory } from '../memory.js';
import { familySeconds } from '../processes.js';

/** How late, in seconds. */
export interface Lateness {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** Reminders that came, and how late. */
export interface ReminderRound {
  readonly reminders: number;
  /** Until they were committed (REMINDER_DUE). */
  readonly due: Lateness;
  /** Until the log channel took them. */
  readonly delivered: Lateness;
  /** Events REMINDER_DELIVERED, which are to be as many as reminders. */
  readonly deliveries: number;
}

export interface ReminderFigures {
  /** All of one second, each of a user of its own. */
  readonly sameSecond: ReminderRound;
  readonly spread: ReminderRound & { readonly rate: number };
  readonly idle: {
    readonly users: number;
    readonly seconds: number;
    /** Of one core, by all programs. */
    readonly cores: number;
    readonly memory: readonly ProgramMemory[];
  };
}

const patienceMs = 120_000;

/** Has reminders of many users come, all at once and spread evenly; then counts what many schedules cost that wait. */
export async function measureReminders(bench: Bench): Promise<ReminderFigures> {
  const { plan, progress } = bench;
  const { sameSecond, spread, idle } = plan.reminders;
  const first = progress.step(`${sameSecond.users} reminders of one second`);
  const at = fromNow(sameSecond.secondsToCreate);
  const together = await round(bench, 'moment', sameSecond.users, () => at);
  first.done(text(together));

  const second = progress.step(`reminders at ${spread.rate}/s`);
  const start = fromNow(spread.secondsToCreate);
  const evenly = await round(bench, 'spread', spread.rate * spread.seconds, (number) => {
    return new Date(start.getTime() + Math.floor(number / spread.rate) * 1000);
  });
  second.done(text(evenly));

  return {
    sameSecond: together,
    spread: { ...evenly, rate: spread.rate },
    idle: await measureIdle(bench, idle.users, idle.seconds),
  };
}

async function round(
  bench: Bench,
  group: string,
  count: number,
  dueOf: (number: number) => Date,
): Promise<ReminderRound> {
  const { pool } = bench;
  const prefix = await createReminders(bench, group, count, dueOf);
  const last = dueOf(count - 1).getTime();
  const created = Date.now();
  if (created > dueOf(0).getTime() - 2_000) throw new Error('creating the reminders took until they were due');
  await drain(pool);
  await sleep(Math.max(0, last - Date.now()));
  for (;;) {
    const { rows } = await pool.query<{ left: number }>(
      `SELECT $2 - count(*) AS left FROM reminder_deliveries WHERE user_id LIKE $1 AND status = 'delivered'`,
      [`${prefix}%`, count],
    );
    if (rows[0]?.left === 0) break;
    if (Date.now() - last > patienceMs) throw new Error(`${rows[0]?.left} reminders were not delivered`);
    await sleep(250);
  }
  await drain(pool);
  const { rows } = await pool.query<ReminderRoundRow>(
    `SELECT count(*) AS reminders, ${quantiles('r.fired_at')} AS due, ${quantiles('d.delivered_at')} AS delivered,
       (SELECT count(*) FROM events e WHERE e.user_id LIKE $1 AND e.type = 'REMINDER_DELIVERED') AS deliveries
     FROM reminders r JOIN reminder_deliveries d USING (user_id, reminder_id) WHERE r.user_id LIKE $1`,
    [`${prefix}%`],
  );
  const [row] = rows;
  if (!row) throw new Error('there are no reminders');
  return { ...row, due: lateness(row.due), delivered: lateness(row.delivered) };
}

interface ReminderRoundRow {
  readonly reminders: number;
  readonly deliveries: number;
  readonly due: readonly number[];
  readonly delivered: readonly number[];
}

const quantiles = (column: string): string =>
  `percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM ${column} - r.due_at)::float8)`;

const lateness = ([p50 = NaN, p99 = NaN, most = NaN]: readonly number[]): Lateness => ({ p50, p99, most });

/** Creates a task with a reminder for each of new users, over REST. @returns what their names begin with */
async function createReminders(
  { programs, running, tokens }: Bench,
  group: string,
  count: number,
  dueOf: (number: number) => Date,
): Promise<string> {
  const prefix = `${group}-${randomUUID().slice(0, 8)}`;
  const users = userNames(prefix, count);
  await programs.load({
    url: running.dapr.url,
    connections: 8,
    tokens: await tokens(users),
    calls: users.map((_, user) => ({
      method: 'POST',
      path: '/v1/tasks',
      user,
      body: JSON.stringify({
        title: `Take care of number ${user}`,
        time_zone: 'UTC',
        reminders: [{ at: dueOf(user).toISOString().slice(0, 19) }],
      }),
    })),
    once: true,
    keyPrefix: randomUUID(),
    warmUp: 0,
    seconds: 0,
  });
  return prefix;
}

async function measureIdle(bench: Bench, users: number, seconds: number): Promise<ReminderFigures['idle']> {
  const { progress, pool, running } = bench;
  const step = progress.step(`${users} users with schedules`);
  await createReminders(bench, 'idle', users, () => fromNow(30 * 24 * 3_600));
  await drain(pool);
  await untilLeft(running.dapr.url);
  const before = await familySeconds(running.dapr.pid);
  await sleep(seconds * 1000);
  const cores = ((await familySeconds(running.dapr.pid)) - before) / seconds;
  const memory = await memoryOf(running.dapr.pid);
  step.done(`${cores.toFixed(3)} cores`);
  return { users, seconds, cores, memory };
}

/** Waits until the actors of the schedules have left memory. */
async function untilLeft(url: string): Promise<void> {
  const began = Date.now();
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const active = Number(/^todo_actors_active\{type="ReminderSchedule"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
    if (active === 0) return;
    if (Date.now() - began > 10 * patienceMs) throw new Error(`${active} schedules are still in memory`);
    await sleep(500);
  }
}

/** A whole second. */
function fromNow(seconds: number): Date {
  return new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000);
}

const text = ({ due, delivered }: ReminderRound): string =>
  `due p50 ${due.p50.toFixed(2)} s, p99 ${due.p99.toFixed(2)} s; delivered p50 ${delivered.p50.toFixed(2)} s, most ${delivered.most.toFixed(2)} s`;
