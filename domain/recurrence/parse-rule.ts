import type { Recurrence, RecurrenceWord } from '../task/task.js';

export const frequencies = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY'] as const;
export type Frequency = (typeof frequencies)[number];
export type Skip = 'OMIT' | 'FORWARD' | 'BACKWARD';

/** Monday is 0; `nth` is 0 where every such day is meant. */
export interface WeekdayPart {
  readonly weekday: number;
  readonly nth: number;
}

/** A rule in parts (RFC 5545 section 3.3.10); a part that it does not have is an empty list. */
export interface Rule {
  readonly frequency: Frequency;
  readonly interval: number;
  readonly count: number | null;
  /** As it is written: `20261231`, `20261231T235959` or `20261231T235959Z`. */
  readonly until: string | null;
  /** Monday is 0. */
  readonly weekStart: number;
  readonly skip: Skip;
  readonly bySecond: readonly number[];
  readonly byMinute: readonly number[];
  readonly byHour: readonly number[];
  readonly byDay: readonly WeekdayPart[];
  readonly byMonthDay: readonly number[];
  readonly byYearDay: readonly number[];
  readonly byWeekNo: readonly number[];
  readonly byMonth: readonly number[];
  readonly bySetPos: readonly number[];
}

const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

/**
 * The words mean the day of the first date, a short month taking its last day: what RFC 7529 calls SKIP=BACKWARD. Only a
 * day that some months or years lack is ever moved.
 */
const words: Readonly<Record<RecurrenceWord, string>> = {
  daily: 'FREQ=DAILY',
  weekly: 'FREQ=WEEKLY',
  monthly: 'FREQ=MONTHLY;SKIP=BACKWARD',
  yearly: 'FREQ=YEARLY;SKIP=BACKWARD',
};

/** The RRULE value of a recurrence, the words as the rules that they stand for. */
export function ruleText(recurrence: Recurrence): string {
  return typeof recurrence === 'string' ? words[recurrence] : recurrence.rule;
}

/** Takes a rule apart that the grammar of rule-syntax.ts allows. */
export function parseRule(rule: string): Rule {
  const parts = new Map(
    rule.split(';').map((part): [string, string] => {
      const [name = '', value = ''] = part.split('=', 2);
      return [name, value];
    }),
  );
  const list = (name: string): string[] => parts.get(name)?.split(',') ?? [];
  const numbers = (name: string): number[] => [...new Set(list(name).map(Number))].sort((a, b) => a - b);
  return {
    frequency: frequencies.find((name) => name === parts.get('FREQ')) ?? 'DAILY',
    interval: Number(parts.get('INTERVAL') ?? 1),
    count: parts.has('COUNT') ? Number(parts.get('COUNT')) : null,
    until: parts.get('UNTIL') ?? null,
    weekStart: weekdays.indexOf(parts.get('WKST') ?? 'MO'),
    skip: skipOf(parts.get('SKIP')),
    // There are no leap seconds here: RFC 5545 section 3.3.12 takes the second 60 as the second 59.
    bySecond: [...new Set(numbers('BYSECOND').map((second) => Math.min(second, 59)))],
    byMinute: numbers('BYMINUTE'),
    byHour: numbers('BYHOUR'),
    byDay: list('BYDAY').map((text) => ({
      weekday: weekdays.indexOf(text.slice(-2)),
      nth: Number(text.slice(0, -2)),
    })),
    byMonthDay: numbers('BYMONTHDAY'),
    byYearDay: numbers('BYYEARDAY'),
    byWeekNo: numbers('BYWEEKNO'),
    byMonth: numbers('BYMONTH'),
    bySetPos: numbers('BYSETPOS'),
  };
}

function skipOf(text: string | undefined): Skip {
  return text === 'FORWARD' || text === 'BACKWARD' ? text : 'OMIT';
}

/** The rule without some of its parts. */
export function withoutParts(rule: string, ...names: string[]): string {
  return rule
    .split(';')
    .filter((part) => !names.includes(part.split('=', 1)[0] ?? ''))
    .join(';');
}
