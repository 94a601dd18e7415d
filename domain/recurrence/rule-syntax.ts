import { localDateFault } from '../dates/local-date.js';

/**
 * The grammar of an RRULE value: RFC 5545 section 3.3.10 with RSCALE and SKIP of RFC 7529 section 4, and what its text
 * forbids to stand together. Whether the rule ever matches is decided by the calculation, not here.
 */
const number = (min: number, max: number) => (text: string) =>
  /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max;
const signed = (max: number) => (text: string) =>
  /^[+-]?\d+$/.test(text) && Number(text) !== 0 && Math.abs(Number(text)) <= max;
const oneOf =
  (...words: string[]) =>
  (text: string) =>
    words.includes(text);
const listOf = (check: (text: string) => boolean) => (text: string) => text.split(',').every(check);

const weekday = 'MO|TU|WE|TH|FR|SA|SU';
const weekdayPattern = new RegExp(`^(?:[+-]?\\d{1,2})?(?:${weekday})$`);

const parts: Record<string, (value: string) => boolean> = {
  FREQ: oneOf('SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'),
  INTERVAL: number(1, 100_000),
  COUNT: number(1, 1_000_000),
  UNTIL: isUntil,
  WKST: oneOf(...weekday.split('|')),
  BYSECOND: listOf(number(0, 60)),
  BYMINUTE: listOf(number(0, 59)),
  BYHOUR: listOf(number(0, 23)),
  BYDAY: listOf((text) => weekdayPattern.test(text) && (text.length === 2 || signed(53)(text.slice(0, -2)))),
  BYMONTHDAY: listOf(signed(31)),
  BYYEARDAY: listOf(signed(366)),
  BYWEEKNO: listOf(signed(53)),
  BYMONTH: listOf(number(1, 12)),
  BYSETPOS: listOf(signed(366)),
  RSCALE: oneOf('GREGORIAN'),
  SKIP: oneOf('OMIT', 'FORWARD', 'BACKWARD'),
};

function isUntil(text: string): boolean {
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?$/.exec(text);
  if (!match) return false;
  const [, year = '', month = '', day = '', hour, minute = '', second = ''] = match;
  const date = `${year}-${month}-${day}`;
  return localDateFault(hour === undefined ? date : `${date}T${hour}:${minute}:${second}`) === null;
}

/**
 * @param rule an RRULE value without the name, such as `FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD`
 * @returns what is wrong with it, naming the part, or null
 */
export function ruleSyntaxFault(rule: string): string | null {
  const seen = new Set<string>();
  for (const part of rule.split(';')) {
    const [name = '', value] = part.split('=', 2);
    const check = parts[name];
    if (value === undefined || !check) {
      return `"${part.slice(0, 40)}" is not a part of an RRULE (RFC 5545 section 3.3.10)`;
    }
    if (seen.has(name)) return `${name} stands twice`;
    if (!check(value)) return `the value of ${name} is not allowed: "${value.slice(0, 40)}"`;
    seen.add(name);
  }
  if (!seen.has('FREQ')) return 'FREQ is missing';
  if (seen.has('COUNT') && seen.has('UNTIL')) return 'COUNT and UNTIL exclude each other';
  return togetherFault(rule, seen);
}

/** The frequencies with which a part "MUST NOT" be used. */
const excluded: Readonly<Record<string, readonly string[]>> = {
  BYMONTHDAY: ['WEEKLY'],
  BYYEARDAY: ['DAILY', 'WEEKLY', 'MONTHLY'],
  BYWEEKNO: ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY'],
};

function togetherFault(rule: string, names: ReadonlySet<string>): string | null {
  const frequency = /FREQ=(\w+)/.exec(rule)?.[1] ?? '';
  for (const [name, frequencies] of Object.entries(excluded)) {
    if (names.has(name) && frequencies.includes(frequency)) return `${name} must not stand with FREQ=${frequency}`;
  }
  if (/BYDAY=(?:[^;]*,)?[+-]?\d/.test(rule)) {
    if (frequency !== 'MONTHLY' && frequency !== 'YEARLY') {
      return `a number in BYDAY means nothing with FREQ=${frequency}; it counts within a month or a year`;
    }
    if (names.has('BYWEEKNO')) return 'BYDAY must not have a number where BYWEEKNO stands';
  }
  if (names.has('BYSETPOS') && ![...names].some((name) => name.startsWith('BY') && name !== 'BYSETPOS')) {
    return 'BYSETPOS picks from what another BY part gives, and there is none';
  }
  return null;
}
