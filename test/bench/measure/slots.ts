import ICAL from 'ical.js';
import { slotAfter, slots } from '../../../domain/recurrence/calculate.js';
import { recurrenceFault } from '../../../domain/recurrence/recurrence-fault.js';
import { Seeded } from '../../support/seeded.js';
import type { Bench } from '../bench.js';
import { quantile, spreadOf, type Spread } from '../statistics.js';

/** Microseconds. */
export interface SlotTimes {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export interface SlotFigures {
  readonly rules: number;
  /** The next slot of a rule never seen before, right after the start and 100,000 slots on, in a zone and year met or not. */
  readonly second: SlotTimes;
  readonly far: SlotTimes;
  /** Slots a second of a daily rule, one after the other. */
  readonly streamed: Spread;
  /** The same by the iterator of ical.js, which knows no zones. */
  readonly iterated: Spread;
  readonly ratio: Spread;
  /** Milliseconds of processor time that the worst of the absurd rules took at the door and behind it, the median of five. */
  readonly absurd: { readonly rule: string; readonly milliseconds: number };
}

const patterns: readonly ((random: Seeded) => string)[] = [
  () => 'FREQ=DAILY',
  (random) => `FREQ=DAILY;INTERVAL=${random.between(2, 30)}`,
  () => 'FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR',
  (random) => `FREQ=WEEKLY;INTERVAL=${random.between(1, 4)};BYDAY=MO,TH`,
  () => 'FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD',
  () => 'FREQ=MONTHLY;BYDAY=-1FR',
  () => 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2',
  (random) => `FREQ=YEARLY;BYMONTH=${random.between(1, 12)};BYDAY=2SU`,
  (random) => `FREQ=YEARLY;BYWEEKNO=${random.between(1, 53)};BYDAY=MO`,
  (random) => `FREQ=YEARLY;INTERVAL=${random.between(1, 4)}`,
  (random) => `FREQ=HOURLY;INTERVAL=${random.between(1, 48)};BYHOUR=8,12,16,20`,
  (random) => `FREQ=MINUTELY;INTERVAL=${random.between(1, 90)}`,
];
const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'Asia/Kathmandu'];

/** Rules that do much to give little. */
const absurd = [
  'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30',
  'FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=7;BYSECOND=9',
  'FREQ=SECONDLY;INTERVAL=7;BYDAY=MO;BYHOUR=9;BYMINUTE=0;BYSECOND=3',
  'FREQ=SECONDLY;INTERVAL=99999;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU;BYHOUR=3',
  'FREQ=MINUTELY;INTERVAL=7;BYMINUTE=0,30;BYDAY=MO;COUNT=1000000',
  'FREQ=HOURLY;BYHOUR=9;BYDAY=MO;COUNT=1000000',
  'FREQ=DAILY;INTERVAL=7;BYDAY=TU',
  'FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=1000000',
  'FREQ=WEEKLY;BYMONTH=2;COUNT=1000000',
  'FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD;COUNT=1000000',
  'FREQ=YEARLY;BYYEARDAY=366;BYMONTH=11',
];

/** How fast slots are calculated, in this process. */
export function measureSlots({ plan, progress }: Pick<Bench, 'plan' | 'progress'>): SlotFigures {
  const { rules, streamed } = plan.slots;
  progress.step('slots: cold rules');
  const random = new Seeded(7);
  coldRules(rules / 10, random, 1);
  const second = coldRules(rules, random, 1);
  const far = coldRules(rules, random, 100_000);
  progress.step('slots: a daily rule, one after the other');
  const rounds = Array.from({ length: plan.rounds }, () => {
    const ours = perSecond(streamed, () => stream(streamed));
    const theirs = perSecond(streamed / 10, () => iterate(streamed / 10));
    return { ours, theirs, ratio: ours / theirs };
  });
  progress.step('slots: absurd rules');
  const slowest = absurd
    .map((rule) => ({
      rule,
      milliseconds: median([2026, 2027, 2028, 2029, 2030].map((year) => askAbsurd(rule, year))),
    }))
    .reduce((worst, each) => (each.milliseconds > worst.milliseconds ? each : worst));
  return {
    rules,
    second,
    far,
    streamed: spreadOf(rounds.map(({ ours }) => ours)),
    iterated: spreadOf(rounds.map(({ theirs }) => theirs)),
    ratio: spreadOf(rounds.map(({ ratio }) => ratio)),
    absurd: slowest,
  };
}

function coldRules(count: number, random: Seeded, index: number): SlotTimes {
  const times: number[] = [];
  for (let number = 0; number < count; number++) {
    const rule = random.pick(patterns)(random);
    const recurrence = { rule, basis: 'due_date', catch_up: 'next' } as const;
    const zone = random.pick(zones);
    // A start that no other rule of the run has: nothing of it is remembered.
    const start = new Date(Date.UTC(2000, 0, 1) + (number * 10_007 + random.between(0, 10_006)) * 60_000);
    const anchor = start.toISOString().slice(0, 16);
    const after = new Date(Math.min(start.getTime() + index * stepOf(rule), Date.UTC(9900, 0, 1))).toISOString();
    times.push(timed(() => slotAfter(recurrence, anchor, zone, after.slice(0, 16))));
  }
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), most: quantile(times, 1) };
}

const secondsBetween = {
  YEARLY: 31_557_600,
  MONTHLY: 2_629_800,
  WEEKLY: 604_800,
  DAILY: 86_400,
  HOURLY: 3600,
  MINUTELY: 60,
};

/** About the time between two slots; years beyond 9900 are cut off. */
function stepOf(rule: string): number {
  const frequency = /FREQ=(\w+)/.exec(rule)?.[1] ?? '';
  const seconds = Object.entries(secondsBetween).find(([name]) => name === frequency)?.[1] ?? 1;
  return seconds * 1000;
}

function stream(count: number): void {
  let left = count;
  for (const slot of slots('daily', '2026-01-01T09:00', 'Europe/Berlin')) {
    if (slot.utc === null) throw new Error('a slot without UTC');
    left -= 1;
    if (left === 0) return;
  }
}

function iterate(count: number): void {
  const iterator = ICAL.Recur.fromString('FREQ=DAILY').iterator(
    ICAL.Time.fromJSDate(new Date('2026-01-01T09:00Z'), true),
  );
  for (let left = count; left > 0; left--) iterator.next().toString();
}

/** Milliseconds of processor time, from a year in which the rule was not asked for yet. */
function askAbsurd(rule: string, year: number): number {
  const recurrence = { rule, basis: 'due_date', catch_up: 'next' } as const;
  const start = `${year}-11-30T09:00`;
  const before = process.cpuUsage();
  recurrenceFault(recurrence, start, 'Europe/Berlin');
  slotAfter(recurrence, start, 'Europe/Berlin', '9998-01-01T00:00');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return spreadOf(values).median;
}

function perSecond(count: number, work: () => void): number {
  return (count / timed(work)) * 1e6;
}

/** Microseconds. */
function timed(work: () => unknown): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1000;
}
