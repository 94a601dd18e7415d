/**
 * The Gregorian calendar as day numbers, counted from 1970-01-01 as day 0, and wall time as seconds counted from that
 * day's midnight. Plain numbers, because a series may pass a million of them in a second.
 */
export const secondsOfDay = 86_400;

/** The number of a day; a month below 1 or over 12 runs into the neighbouring years. */
export function dayNumber(year: number, month: number, day: number): number {
  const months = year * 12 + month - 1;
  // Years that begin in March have their leap day at the end: the days before a month follow one line.
  const fromMarch = (months + 10) % 12;
  const y = Math.floor((months - 2) / 12);
  const daysBefore = Math.floor((153 * fromMarch + 2) / 5);
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + daysBefore + day - 719_469;
}

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The inverse of {@link dayNumber}. */
export function civilDate(day: number): CivilDate {
  const fromEra = day + 719_468;
  const era = Math.floor(fromEra / 146_097);
  const dayOfEra = fromEra - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

/** Monday is 0. */
export function weekday(day: number): number {
  return modulo(day + 3, 7);
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** The remainder that is never negative. */
export function modulo(value: number, by: number): number {
  const rest = value % by;
  return rest < 0 ? rest + by : rest;
}

/** Reads a checked local date or date-time; a date is its midnight. */
export function wallSeconds(local: string): number {
  const part = (from: number, to: number): number => Number(local.slice(from, to));
  const day = dayNumber(part(0, 4), part(5, 7), part(8, 10));
  return day * secondsOfDay + part(11, 13) * 3600 + part(14, 16) * 60 + part(17, 19);
}

/** The last second that the form of dates here can write: 9999-12-31T23:59:59. */
export const lastSecond = (dayNumber(9999, 12, 31) + 1) * secondsOfDay - 1;

const twoDigits = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));
const two = (value: number): string => twoDigits[value] ?? '';

/** The month of the last date that was written. Slots come in order: the next is nearly always of the same month. */
const lastMonth = { firstDay: 0, end: 0, text: '' };

/** `2026-11-30` */
export function dateText(day: number): string {
  if (day < lastMonth.firstDay || day >= lastMonth.end) {
    const { year, month, day: ofMonth } = civilDate(day);
    lastMonth.firstDay = day - ofMonth + 1;
    lastMonth.end = dayNumber(year, month + 1, 1);
    lastMonth.text = `${year < 1000 ? String(year).padStart(4, '0') : year}-${two(month)}-`;
  }
  return lastMonth.text + two(day - lastMonth.firstDay + 1);
}

/** By the minute of the day: `T09:00`. */
const timeTexts = Array.from({ length: 1440 }, (_, minute) => `T${two(Math.floor(minute / 60))}:${two(minute % 60)}`);

/** `2026-11-30T09:00`, with seconds only where they are not zero, or always. */
export function wallText(seconds: number, withSeconds = false): string {
  const day = Math.floor(seconds / secondsOfDay);
  const time = seconds - day * secondsOfDay;
  const minute = Math.floor(time / 60);
  const second = time - minute * 60;
  const text = dateText(day) + (timeTexts[minute] ?? '');
  return withSeconds || second > 0 ? `${text}:${two(second)}` : text;
}
