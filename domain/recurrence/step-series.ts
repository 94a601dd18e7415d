import { civilDate, lastSecond, modulo, secondsOfDay } from './civil-days.js';
import { DaysOfRule } from './days-of-rule.js';
import type { Nominals } from './nominals.js';
import type { Rule } from './parse-rule.js';
import { pick } from './positions.js';
import { greatestDivisor, TimeLimits } from './time-limits.js';
import { Times } from './times-of-day.js';
import { yearOf, type Year } from './year.js';

const unitSeconds: Readonly<Record<string, number>> = { DAILY: secondsOfDay, HOURLY: 3600, MINUTELY: 60, SECONDLY: 1 };

const lastDay = Math.floor(lastSecond / secondsOfDay);
const daysOf400Years = 146_097;

/**
 * So many looks at the calendar without a slot, and there is none. For steps of days that is certain, as the calendar
 * repeats itself; of less than a day, a rule that keeps one waiting so long has no use, and may not keep the process busy.
 */
const mostLooks = 100_000;

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
  private readonly limits: TimeLimits;
  private readonly canMatch: boolean;
  private readonly mostLooks: number;
  private year: Year = yearOf(1970);
  private mask: Uint16Array;
  private readonly last = { value: Number.NaN, unit: 0, time: 0 };

  /**
   * @param rule complete
   * @param anchor wall seconds of the start
   */
  constructor(
    rule: Rule,
    private readonly anchor: number,
  ) {
    const unit = unitSeconds[rule.frequency] ?? secondsOfDay;
    this.unit = unit;
    this.unitsOfDay = secondsOfDay / unit;
    this.interval = rule.interval;
    this.first = Math.floor(anchor / unit);
    // A part that limits the units adds no times to them.
    const times = new Times(
      unit <= 3600 ? [0] : rule.byHour,
      unit <= 60 ? [0] : rule.byMinute,
      unit === 1 ? [0] : rule.bySecond,
    );
    this.times = rule.bySetPos.length > 0 ? new Times([0], [0], pick(rule.bySetPos, [0], times)) : times;
    this.limits = new TimeLimits(rule, unit);
    this.days = new DaysOfRule(rule);
    this.mask = this.days.mask(this.year);
    this.isEveryDay = [rule.byMonth, rule.byWeekNo, rule.byYearDay, rule.byMonthDay, rule.byDay].every(
      (part) => part.length === 0,
    );
    this.canMatch = this.times.size > 0 && this.limits.areMet(this.first, this.interval);
    this.mostLooks =
      unit === secondsOfDay ? daysOf400Years / greatestDivisor(this.interval, daysOf400Years) + 1 : mostLooks;
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

  mostUntil(second: number): number {
    return (Math.floor((second / this.unit - this.first) / this.interval) + 1) * this.times.size;
  }

  nth(number: number): number {
    if (!this.canMatch) return Number.POSITIVE_INFINITY;
    const { times } = this;
    const start = this.next(this.first);
    // Of the first unit, what lies before the start does not count.
    const gone = start === this.first ? times.indexAfter(this.anchor - 1 - start * this.unit) : 0;
    const unit = this.nthUnit(start, Math.floor((gone + number - 1) / times.size));
    const value = unit * this.unit + times.at((gone + number - 1) % times.size);
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
    const { first, interval, unitsOfDay, limits } = this;
    const unit = interval === 1 ? from : from + modulo(first - from, interval);
    if (this.isEveryDay && limits.areNone) return unit;
    let day = Math.floor(unit / unitsOfDay);
    let ofDay = unit - day * unitsOfDay;
    for (let looks = 0; looks < this.mostLooks; looks++) {
      const allowed = this.isEveryDay ? day : this.allowedDay(day);
      if (allowed > lastDay) break;
      const later = allowed === day ? limits.next(ofDay) : (allowed - day) * unitsOfDay;
      if (allowed === day && later === ofDay) return day * unitsOfDay + ofDay;
      ofDay += Math.ceil((later - ofDay) / interval) * interval;
      if (ofDay >= unitsOfDay) {
        const days = Math.floor(ofDay / unitsOfDay);
        day += days;
        ofDay -= days * unitsOfDay;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  /** This day where the rule allows it; else a later one, and none before that one is. */
  private allowedDay(day: number): number {
    this.toYearOf(day);
    if (this.mask[day - this.year.firstDay] === 1) return day;
    let from = day + 1;
    for (let years = 0; years < 400; years++) {
      const { year, mask } = this;
      const offset = mask[year.length] === 0 ? -1 : mask.indexOf(1, from - year.firstDay);
      if (offset >= 0 && offset < year.length) return year.firstDay + offset;
      from = year.firstDay + year.length;
      this.toYearOf(from);
    }
    return Number.POSITIVE_INFINITY;
  }

  private toYearOf(day: number): void {
    const { firstDay, length } = this.year;
    if (day >= firstDay && day < firstDay + length) return;
    this.year = yearOf(civilDate(day).year);
    this.mask = this.days.mask(this.year);
  }

  /** The unit of the rule that is so many behind the first of them. Days are counted, not what is in them. */
  private nthUnit(start: number, behind: number): number {
    const { first, interval, unitsOfDay, limits } = this;
    if (this.isEveryDay && limits.areNone) return start + behind * interval;
    const counts = limits.countByRemainder(interval);
    let day = Math.floor(start / unitsOfDay);
    // What remains of the units of a day that are of the rule, divided by the interval; it falls from day to day.
    let remainder = modulo(first - day * unitsOfDay, interval);
    const fall = unitsOfDay === 1 ? 0 : unitsOfDay % interval;
    let left = behind;
    for (let ofDay = remainder; ofDay < start - day * unitsOfDay; ofDay += interval) {
      if (limits.next(ofDay) === ofDay) left += 1;
    }
    if (this.isEveryDay) {
      // Each remainder that is met at all is met once, then all are again.
      const divisor = greatestDivisor(interval, unitsOfDay);
      let ofCycle = 0;
      for (let met = remainder % divisor; met < counts.length; met += divisor) ofCycle += counts[met] ?? 0;
      day += Math.floor(left / ofCycle) * (interval / divisor);
      left %= ofCycle;
    }
    // Days between those of the rule have none.
    const stride = unitsOfDay === 1 ? interval : 1;
    while (day <= lastDay) {
      this.toYearOf(day);
      const { year, mask } = this;
      const end = year.firstDay + year.length;
      const ofYear = (counts[remainder] ?? 0) * (mask[year.length] ?? 0);
      if (stride === 1 && fall === 0 && day === year.firstDay && left >= ofYear) {
        left -= ofYear;
        day = end;
      }
      const { firstDay } = year;
      for (; day < end; day += stride) {
        if (mask[day - firstDay] === 1) {
          const here = counts[remainder] ?? 0;
          if (left < here) return this.behind(this.next(day * unitsOfDay), left);
          left -= here;
        }
        remainder -= fall;
        if (remainder < 0) remainder += interval;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  private behind(unit: number, count: number): number {
    let at = unit;
    for (let left = count; left > 0; left--) at = this.next(at + this.interval);
    return at;
  }
}
