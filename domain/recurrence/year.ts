import { dayNumber, isLeapYear, weekday } from './civil-days.js';

/** A year of the calendar. Years of the same `shape` have the same days, weekdays and week numbers. */
export interface Year {
  readonly year: number;
  /** The number of 1 January. */
  readonly firstDay: number;
  /** The weekday of 1 January. */
  readonly weekday: number;
  readonly length: number;
  /** The offsets of the first day of each month from 1 January, and of the next year's. */
  readonly monthStarts: readonly number[];
  /** By the offset of a day, its month from 0. */
  readonly monthOf: Uint8Array;
  /** From 0 to 55. Counts the neighbours in, whose length says which week number the days at the edges have. */
  readonly shape: number;
}

interface Months {
  readonly starts: readonly number[];
  readonly of: Uint8Array;
}

function months(february: number): Months {
  const lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const starts = [0];
  const of: number[] = [];
  lengths.forEach((length, month) => {
    starts.push((starts[month] ?? 0) + length);
    for (let day = 0; day < length; day++) of.push(month);
  });
  return { starts, of: Uint8Array.from(of) };
}

const common = months(28);
const leap = months(29);

export function yearOf(year: number): Year {
  const firstDay = dayNumber(year, 1, 1);
  const isLeap = isLeapYear(year);
  const { starts, of } = isLeap ? leap : common;
  const first = weekday(firstDay);
  const edges = (isLeapYear(year - 1) ? 2 : 0) + (isLeapYear(year + 1) ? 1 : 0);
  return {
    year,
    firstDay,
    weekday: first,
    length: of.length,
    monthStarts: starts,
    monthOf: of,
    // Next to a leap year there is none, which leaves a place for it among the edges.
    shape: first * 4 + (isLeap ? 3 : edges),
  };
}

/** The offset, from 1 January, of the first day of week 1: the first with four days in the year (RFC 5545, BYWEEKNO). */
export function firstWeek(firstWeekday: number, weekStart: number): number {
  const start = (weekStart - firstWeekday + 7) % 7;
  return start >= 4 ? start - 7 : start;
}
