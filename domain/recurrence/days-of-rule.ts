import type { Rule, WeekdayPart } from './parse-rule.js';
import { firstWeek, yearOf, type Year } from './year.js';

/**
 * The days that the parts of a rule allow. Each part limits: where RFC 5545 says that a part expands, the days that it
 * adds are those of the whole month or year that it lets through.
 */
export class DaysOfRule {
  private readonly allowed = new Map<number, Uint16Array>();
  private readonly nthIn: 'month' | 'year' | null;

  constructor(private readonly rule: Rule) {
    const { frequency, byMonth } = rule;
    const isOfYear = frequency === 'YEARLY' && byMonth.length === 0;
    // A number before a weekday counts within the month or the year; with the other frequencies it means nothing.
    this.nthIn = isOfYear ? 'year' : frequency === 'YEARLY' || frequency === 'MONTHLY' ? 'month' : null;
  }

  /** By the offset from 1 January, 1 where each part allows the day. The last entry, behind the days, counts them. */
  mask(year: Year): Uint16Array {
    const known = this.allowed.get(year.shape);
    if (known) return known;
    const mask = new Uint16Array(year.length + 1);
    let count = 0;
    const { byMonthDay, byYearDay } = this.rule;
    for (let offset = 0; offset < year.length; offset++) {
      if (
        this.isInMonths(year, offset) &&
        (byMonthDay.length === 0 || isOfMonth(byMonthDay, year, offset)) &&
        (byYearDay.length === 0 || byYearDay.includes(offset + 1) || byYearDay.includes(offset - year.length)) &&
        this.isInWeeks(year, offset)
      ) {
        mask[offset] = 1;
        count += 1;
      }
    }
    mask[year.length] = count;
    this.allowed.set(year.shape, mask);
    return mask;
  }

  /**
   * The days of a month, or of a year, as offsets from 1 January. SKIP may put one just before or just behind it.
   * @param first the first month of them, from 0
   * @param last the last month of them
   */
  listed(year: Year, first: number, last: number): number[] {
    const { skip, byMonthDay, byYearDay } = this.rule;
    if (skip !== 'OMIT' && byMonthDay.length + byYearDay.length > 0) return this.moved(year, first, last);
    const mask = this.mask(year);
    const days: number[] = [];
    const end = year.monthStarts[last + 1] ?? 0;
    for (let offset = year.monthStarts[first] ?? 0; offset < end; offset++) if (mask[offset] === 1) days.push(offset);
    return days;
  }

  /**
   * The same with RFC 7529: a day that a month or year does not have moves, before BYDAY looks at it (section 4.1), and
   * stays one of the month or year that it comes from.
   */
  private moved(year: Year, first: number, last: number): number[] {
    const { byMonth, byMonthDay, byYearDay } = this.rule;
    const found = new Set<number>();
    for (let month = first; month <= last; month++) {
      if (byMonth.length > 0 && !byMonth.includes(month + 1)) continue;
      const start = year.monthStarts[month] ?? 0;
      const end = year.monthStarts[month + 1] ?? 0;
      for (const day of byMonthDay) found.add(this.within(day, start, end));
      if (byMonthDay.length > 0) continue;
      for (const day of byYearDay) {
        const offset = this.within(day, 0, year.length);
        // A day outside is the 366th: December's when it is counted from the front, January's from behind.
        const of = offset >= year.length ? 11 : offset < 0 ? 0 : year.monthOf[offset];
        if (of === month) found.add(offset);
      }
    }
    if (byMonthDay.length > 0 && byYearDay.length > 0) {
      const ofYear = new Set(byYearDay.map((day) => this.within(day, 0, year.length)));
      for (const day of found) if (!ofYear.has(day)) found.delete(day);
    }
    return [...found].filter((offset) => this.isInWeeks(...placed(year, offset))).sort((a, b) => a - b);
  }

  /** The offset of the nth day from `start` on, or from `end` back; where there is none, that of the day SKIP gives. */
  private within(nth: number, start: number, end: number): number {
    if (nth > 0) {
      if (nth <= end - start) return start + nth - 1;
      return this.rule.skip === 'FORWARD' ? end : end - 1;
    }
    if (-nth <= end - start) return end + nth;
    return this.rule.skip === 'FORWARD' ? start : start - 1;
  }

  private isInMonths(year: Year, offset: number): boolean {
    const { byMonth } = this.rule;
    return byMonth.length === 0 || byMonth.includes((year.monthOf[offset] ?? 0) + 1);
  }

  /** BYWEEKNO and BYDAY. */
  private isInWeeks(year: Year, offset: number): boolean {
    const { byWeekNo, byDay, weekStart } = this.rule;
    if (byWeekNo.length > 0 && !hasWeek(byWeekNo, year, offset, weekStart)) return false;
    if (byDay.length === 0) return true;
    const weekday = (year.weekday + offset) % 7;
    return byDay.some((part) => part.weekday === weekday && this.isNth(part, year, offset));
  }

  private isNth({ nth }: WeekdayPart, year: Year, offset: number): boolean {
    if (nth === 0 || this.nthIn === null) return true;
    const month = year.monthOf[offset] ?? 0;
    const start = this.nthIn === 'year' ? 0 : (year.monthStarts[month] ?? 0);
    const end = this.nthIn === 'year' ? year.length : (year.monthStarts[month + 1] ?? 0);
    return nth > 0 ? nth === Math.floor((offset - start) / 7) + 1 : -nth === Math.floor((end - 1 - offset) / 7) + 1;
  }
}

function isOfMonth(days: readonly number[], { monthOf, monthStarts }: Year, offset: number): boolean {
  const month = monthOf[offset] ?? 0;
  return days.includes(offset - (monthStarts[month] ?? 0) + 1) || days.includes(offset - (monthStarts[month + 1] ?? 0));
}

/** A day that may lie in a neighbouring year, as one of that year. */
function placed(year: Year, offset: number): [Year, number] {
  if (offset < 0) {
    const before = yearOf(year.year - 1);
    return [before, offset + before.length];
  }
  return offset < year.length ? [year, offset] : [yearOf(year.year + 1), offset - year.length];
}

/** True where the week of the day, which may be one of the neighbouring year's, has one of these numbers. */
function hasWeek(weeks: readonly number[], year: Year, offset: number, weekStart: number): boolean {
  const own = firstWeek(year.weekday, weekStart);
  const next = year.length + firstWeek((year.weekday + year.length) % 7, weekStart);
  if (offset < own) {
    const before = yearOf(year.year - 1);
    const count = (own + before.length - firstWeek(before.weekday, weekStart)) / 7;
    return weeks.includes(-1) || weeks.includes(count);
  }
  if (offset >= next) {
    const after = yearOf(year.year + 1);
    const end = after.length + firstWeek((after.weekday + after.length) % 7, weekStart);
    const count = (end - firstWeek(after.weekday, weekStart)) / 7;
    return weeks.includes(1) || weeks.includes(-count);
  }
  const number = Math.floor((offset - own) / 7) + 1;
  return weeks.includes(number) || weeks.includes(number - 1 - (next - own) / 7);
}
