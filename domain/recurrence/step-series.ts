import { civilDate, lastSecond, modulo, secondsOfDay } from './civil-days.js';
import { DaysOfRule } from './days-of-rule.js';
import type { Nominals } from './nominals.js';
import type { Rule } from './parse-rule.js';
import { pick } from './positions.js';
import { Times } from './times-of-day.js';
import { yearOf, type Year } from './year.js';

const unitSeconds: Readonly<Record<string, number>> = { DAILY: secondsOfDay, HOURLY: 3600, MINUTELY: 60, SECONDLY: 1 };

/**
 * So many looks at the calendar without a slot, and there is none: more than the days after which the calendar repeats
 * itself. A step below a day meets the same time of the same day later than that, but a rule that keeps it waiting so
 * long has no use and may not keep the process busy.
 */
const mostLooks = 150_000;

/** The slots of a DAILY, HOURLY, MINUTELY or SECONDLY rule: one unit, such as an hour, after the other. */
export class StepSeries implements Nominals {
  /** Seconds. */
  private readonly unit: number;
  private readonly unitsOfDay: number;
  private readonly first: number;
  private readonly interval: number;
  /** Of each unit. */
  private readonly times: Times;
  private readonly days: DaysOfRule;
  private readonly isEveryDay: boolean;
  /** By hour, minute and second, the next that is allowed; null where all are. */
  private readonly limits: readonly (Int8Array | null)[];
  private readonly canMatch: boolean;
  private year: Year = yearOf(1970);
  private mask: Uint8Array;
  private readonly last = { value: Number.NaN, unit: 0, time: 0 };

  /**
   * @param rule complete
   * @param anchor wall seconds of the start
   */
  constructor(
    rule: Rule,
    private readonly anchor: number,
  ) {
    const { frequency, byHour, byMinute, bySecond } = rule;
    this.unit = unitSeconds[frequency] ?? secondsOfDay;
    this.unitsOfDay = secondsOfDay / this.unit;
    this.interval = rule.interval;
    this.first = Math.floor(anchor / this.unit);
    const isLimit = { hour: this.unit <= 3600, minute: this.unit <= 60, second: this.unit === 1 };
    const times = new Times(
      isLimit.hour ? [0] : byHour,
      isLimit.minute ? [0] : byMinute,
      isLimit.second ? [0] : bySecond,
    );
    this.times = rule.bySetPos.length > 0 ? new Times([0], [0], pick(rule.bySetPos, [0], times)) : times;
    this.limits = [
      isLimit.hour ? nextOf(byHour, 24) : null,
      isLimit.minute ? nextOf(byMinute, 60) : null,
      isLimit.second ? nextOf(bySecond, 60) : null,
    ];
    this.days = new DaysOfRule(rule);
    this.mask = this.days.mask(this.year);
    this.isEveryDay = [rule.byMonth, rule.byWeekNo, rule.byYearDay, rule.byMonthDay, rule.byDay].every(
      (part) => part.length === 0,
    );
    this.canMatch = this.times.size > 0 && this.meetsTimes();
  }

  after(second: number): number {
    if (!this.canMatch) return Number.POSITIVE_INFINITY;
    const { last, times } = this;
    if (second === last.value) {
      return last.time + 1 < times.size
        ? this.found(last.unit, last.time + 1)
        : this.found(this.next(last.unit + this.interval), 0);
    }
    const from = Math.max(second, this.anchor - 1);
    const unit = Math.max(this.first, Math.floor(from / this.unit));
    const next = this.next(unit);
    if (next > unit) return this.found(next, 0);
    const time = times.indexAfter(from - next * this.unit);
    return time < times.size ? this.found(next, time) : this.found(this.next(next + 1), 0);
  }

  nth(number: number): number {
    if (!this.canMatch) return Number.POSITIVE_INFINITY;
    const { times } = this;
    const start = this.next(this.first);
    // Of the first unit, what lies before the start does not count.
    const gone = start === this.first ? times.indexAfter(this.anchor - 1 - start * this.unit) : 0;
    let whole = Math.floor((gone + number - 1) / times.size);
    const time = (gone + number - 1) % times.size;
    let unit = start;
    if (this.isEveryDay && this.limits.every((limit) => limit === null)) unit += whole * this.interval;
    else for (; whole > 0 && unit < Number.POSITIVE_INFINITY; whole--) unit = this.next(unit + this.interval);
    const value = unit * this.unit + times.at(time);
    return value <= lastSecond ? value : Number.POSITIVE_INFINITY;
  }

  private found(unit: number, time: number): number {
    const value = unit * this.unit + this.times.at(time);
    if (!(value <= lastSecond)) return Number.POSITIVE_INFINITY;
    const { last } = this;
    last.value = value;
    last.unit = unit;
    last.time = time;
    return value;
  }

  /** The first unit of the rule from this one on. */
  private next(from: number): number {
    const { first, interval, unitsOfDay } = this;
    let unit = from + modulo(first - from, interval);
    for (let looks = 0; looks < mostLooks; looks++) {
      const day = Math.floor(unit / unitsOfDay);
      const allowed = this.isEveryDay ? day : this.allowedDay(day);
      if (allowed === day) {
        const ofDay = unit - day * unitsOfDay;
        const later = this.allowedOfDay(ofDay);
        if (later === ofDay) return unit;
        unit = day * unitsOfDay + later;
      } else {
        if (allowed * secondsOfDay > lastSecond) break;
        unit = allowed * unitsOfDay;
      }
      unit += modulo(first - unit, interval);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** This day where the rule allows it; else the next one of the same year that it allows, or the next 1 January. */
  private allowedDay(day: number): number {
    let { year } = this;
    if (day < year.firstDay || day >= year.firstDay + year.length) {
      year = yearOf(civilDate(day).year);
      this.year = year;
      this.mask = this.days.mask(year);
    }
    const { mask } = this;
    const offset = day - year.firstDay;
    if (mask[offset] === 1) return day;
    if (mask[year.length] === 0) return year.firstDay + year.length;
    const next = mask.indexOf(1, offset + 1);
    return year.firstDay + next;
  }

  /** This unit of the day where the rule allows its hour, minute and second; else a later one, and none before it. */
  private allowedOfDay(ofDay: number): number {
    const [hours = null, minutes = null, seconds = null] = this.limits;
    const { unit } = this;
    const at = ofDay * unit;
    const hour = Math.floor(at / 3600);
    if (hours && hours[hour] !== hour) return ((hours[hour] ?? 24) * 3600) / unit;
    const minute = Math.floor(at / 60) % 60;
    if (minutes && minutes[minute] !== minute) return (hour * 3600 + (minutes[minute] ?? 60) * 60) / unit;
    const second = at % 60;
    if (seconds && seconds[second] !== second) return at - second + (seconds[second] ?? 60);
    return ofDay;
  }

  /**
   * Whether the steps ever meet an allowed time of day. They meet, in some day or other, each time that differs from the
   * first by a multiple of what divides both the step and the day.
   */
  private meetsTimes(): boolean {
    if (this.limits.every((limit) => limit === null)) return true;
    const divisor = greatestDivisor(this.interval, this.unitsOfDay);
    if (divisor === 1) return true;
    const [hours = null, minutes = null, seconds = null] = this.limits.map(allowedOf);
    const all = new Times(
      hours ?? range(24),
      minutes ?? (this.unit <= 60 ? range(60) : [0]),
      seconds ?? (this.unit === 1 ? range(60) : [0]),
    );
    for (let index = 0; index < all.size; index++) {
      if ((all.at(index) / this.unit - this.first) % divisor === 0) return true;
    }
    return false;
  }
}

/** By each number, the next one of the list; `size` behind the last. */
function nextOf(allowed: readonly number[], size: number): Int8Array | null {
  if (allowed.length === 0) return null;
  const next = new Int8Array(size);
  let following = size;
  for (let number = size - 1; number >= 0; number--) {
    if (allowed.includes(number)) following = number;
    next[number] = following;
  }
  return next;
}

function allowedOf(next: Int8Array | null): number[] | null {
  return next ? range(next.length).filter((number) => next[number] === number) : null;
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, number) => number);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
