import type { Seeded } from './seeded.js';

export interface RandomSeries {
  readonly rule: string;
  readonly start: string;
  readonly zone: string;
}

const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

/** Zones with odd clock changes, and the years in which they had them. */
const zones = [
  ['Europe/Berlin', 1975, 2036],
  ['America/New_York', 1967, 2036],
  // Half an hour.
  ['Australia/Lord_Howe', 1981, 2036],
  // Back for Ramadan, forward after it; with the other sign of summer time.
  ['Africa/Casablanca', 2008, 2023],
  // At midnight.
  ['America/Sao_Paulo', 1985, 2019],
  // A quarter of an hour, once.
  ['Asia/Kathmandu', 1984, 1988],
  // A day, once.
  ['Pacific/Apia', 2009, 2013],
] as const;

/**
 * A rule that RFC 5545 allows, with a start and a zone. Left out is what python-dateutil is known to do otherwise than
 * the RFC; those cases stand by name in test/unit/recurrence-oracle.test.ts.
 */
export function randomSeries(seed: Seeded): RandomSeries {
  const [zone, from, to] = seed.pick(zones);
  const frequency = seed.weighted({
    YEARLY: 25,
    MONTHLY: 25,
    WEEKLY: 15,
    DAILY: 15,
    HOURLY: 8,
    MINUTELY: 7,
    SECONDLY: 5,
  });
  const isStep = ['HOURLY', 'MINUTELY', 'SECONDLY'].includes(frequency);
  const allDay = !isStep && seed.chance(0.2);
  const weekStart = seed.pick(weekdays);
  const parts: Record<string, string> = { FREQ: frequency };
  const maybe = (share: number, name: string, make: () => string): void => {
    if (seed.chance(share)) parts[name] = make();
  };
  const some = (most: number, make: () => number | string): string =>
    [...new Set(Array.from({ length: seed.between(1, most) }, make))].join(',');

  maybe(0.4, 'INTERVAL', () => String(seed.chance(0.7) ? seed.between(2, 5) : seed.between(2, isStep ? 500 : 40)));
  maybe(0.3, 'WKST', () => weekStart);
  maybe(isStep ? 0.1 : 0.25, 'BYMONTH', () => some(6, () => seed.between(1, 12)));
  if (frequency === 'YEARLY' && seed.chance(0.2)) {
    // Weeks 52 and 53, and -52 and -53, dateutil does not find at each turn of the year.
    parts['BYWEEKNO'] = some(4, () => seed.between(1, 51) * (seed.chance(0.3) ? -1 : 1));
  } else if (['YEARLY', 'HOURLY', 'MINUTELY', 'SECONDLY'].includes(frequency)) {
    maybe(isStep ? 0.08 : 0.2, 'BYYEARDAY', () => some(8, () => signed(seed, 366)));
  }
  if (frequency !== 'WEEKLY') maybe(isStep ? 0.15 : 0.3, 'BYMONTHDAY', () => some(8, () => signed(seed, 31)));
  // A list with and without numbers is the union of both by the RFC, and by dateutil what is in both.
  const isNumbered = (frequency === 'MONTHLY' || frequency === 'YEARLY') && !parts['BYWEEKNO'] && seed.chance(0.5);
  const most = frequency === 'YEARLY' && !parts['BYMONTH'] ? 53 : 5;
  if (parts['BYWEEKNO'] || seed.chance(0.4)) {
    parts['BYDAY'] = some(4, () => `${isNumbered ? signed(seed, most) : ''}${seed.pick(weekdays)}`);
  }
  if (!allDay) {
    maybe(0.15, 'BYHOUR', () => some(5, () => seed.between(0, 23)));
    maybe(0.15, 'BYMINUTE', () => some(4, () => seed.between(0, 59)));
    maybe(0.1, 'BYSECOND', () => some(3, () => seed.between(0, 59)));
  }
  const hasBy = Object.keys(parts).some((name) => name.startsWith('BY'));
  if (hasBy) maybe(0.2, 'BYSETPOS', () => some(3, () => signed(seed, seed.pick([1, 3, 10]))));
  maybe(0.2, 'COUNT', () => String(seed.between(1, 30)));

  let day = Date.UTC(seed.between(from, to), seed.between(0, 11), seed.between(1, 31));
  if (frequency === 'WEEKLY' && parts['BYSETPOS']) {
    // dateutil sees no more of the first week than what comes after the start.
    const start = weekdays.indexOf(parts['WKST'] ?? 'MO');
    while ((new Date(day).getUTCDay() + 6) % 7 !== start) day += 24 * 3_600_000;
  }
  const date = new Date(day).toISOString().slice(0, 10);
  const two = (value: number): string => String(value).padStart(2, '0');
  // Many around the hours of clock changes.
  const hour = seed.chance(0.4) ? seed.between(0, 3) : seed.between(0, 23);
  const time = `T${two(hour)}:${two(seed.pick([0, 15, 30, 45, seed.between(0, 59)]))}`;
  return {
    rule: Object.entries(parts)
      .map(([name, value]) => `${name}=${value}`)
      .join(';'),
    start: allDay ? date : `${date}${time}${seed.chance(0.1) ? `:${two(seed.between(1, 59))}` : ''}`,
    zone,
  };
}

function signed(seed: Seeded, most: number): number {
  return seed.between(1, most) * (seed.chance(0.35) ? -1 : 1);
}
