import { civilDate, dayNumber, lastSecond, modulo, secondsOfDay, weekday } from './civil-days.js';
import { DaysOfRule } from './days-of-rule.js';
import type { Nominals } from './nominals.js';
import type { Frequency, Rule } from './parse-rule.js';
import { pick } from './positions.js';
import { once, Times } from './times-of-day.js';
import { yearOf, type Year } from './year.js';

/** What a week, month or year of the rule gives, in seconds from its start: each point with each of the times. */
interface Points {
  readonly inside: readonly number[];
  /** Moved over the border by RFC 7529's SKIP: before the start, or from the next period's start on. */
  readonly outside: readonly number[];
}

interface Period {
  /** Wall seconds. */
  readonly start: number;
  readonly points: readonly number[];
}

const periodsOf400Years: Partial<Record<Frequency, number>> = { YEARLY: 400, MONTHLY: 4800, WEEKLY: 20_871 };

/** No period of the rule has more days than that. */
function mostDaysOf({ frequency, byMonthDay, byDay }: Rule): number {
  if (frequency === 'YEARLY') return 366;
  if (frequency === 'MONTHLY') return byMonthDay.length || 31;
  return new Set(byDay.map(({ weekday }) => weekday)).size || 7;
}

function rising(points: readonly number[]): number[] {
  return [...new Set(points)].sort((a, b) => a - b);
}

/** The slots of a WEEKLY, MONTHLY or YEARLY rule. */
export class PeriodSeries implements Nominals {
  private readonly dayTimes: Times;
  /** Those of each point: the day's, unless BYSETPOS has picked points with their times. */
  private readonly times: Times;
  private readonly days: DaysOfRule;
  private readonly firstPeriod: number;
  private readonly known = new Map<number, Points>();
  /** Where the last answer stood; the next question is most often for the one behind it. */
  private readonly last = { value: Number.NaN, index: 0, point: 0, time: 0, period: null as Period | null };
  private year: Year = yearOf(1970);
  /** After so many periods they repeat themselves, as the calendar does after 400 years. */
  private readonly cycle: number;
  private readonly canMatch: boolean;
  private readonly mostOfPeriod: number;
  /** The days are the same in each week. */
  private readonly isUniform: boolean;

  /**
   * @param rule complete
   * @param anchor wall seconds of the start
   */
  constructor(
    private readonly rule: Rule,
    private readonly anchor: number,
  ) {
    const times = new Times(rule.byHour, rule.byMinute, rule.bySecond);
    this.dayTimes = times;
    this.times = rule.bySetPos.length > 0 ? once : times;
    this.days = new DaysOfRule(rule);
    this.firstPeriod = this.periodOf(Math.floor(anchor / secondsOfDay));
    this.isUniform =
      rule.frequency === 'WEEKLY' &&
      rule.byMonth.length + rule.byMonthDay.length + rule.byYearDay.length + rule.byWeekNo.length === 0;
    this.cycle = this.isUniform ? 1 : (periodsOf400Years[rule.frequency] ?? 0);
    const most = mostDaysOf(rule);
    this.mostOfPeriod = rule.bySetPos.length || most * times.size;
    this.canMatch =
      times.size > 0 &&
      (rule.bySetPos.length === 0 || rule.bySetPos.some((position) => Math.abs(position) <= most * times.size));
  }

  after(second: number): number {
    const { last, times } = this;
    if (second === last.value && last.period) {
      if (last.time + 1 < times.size) return this.found(last.period, last.index, last.point, last.time + 1);
      if (last.point + 1 < last.period.points.length) return this.found(last.period, last.index, last.point + 1, 0);
      return this.search(last.index + 1, second);
    }
    const from = Math.max(second, this.anchor - 1);
    const period = this.periodOf(Math.floor(from / secondsOfDay));
    return this.search(Math.max(0, Math.floor((period - this.firstPeriod) / this.rule.interval)), from);
  }

  mostUntil(second: number): number {
    const periods = this.periodOf(Math.floor(second / secondsOfDay)) - this.firstPeriod;
    // One more, for what moved out of the next one.
    return (Math.floor(periods / this.rule.interval) + 2) * this.mostOfPeriod;
  }

  nth(number: number): number {
    const { cycle } = this;
    let left = number + this.before(this.anchor);
    let ofCycle = 0;
    for (let index = 0; ; index++) {
      const period = this.period(index);
      if (!period) return Number.POSITIVE_INFINITY;
      const size = period.points.length * this.times.size;
      if (left <= size) return this.at(period, left - 1);
      left -= size;
      // The first has no neighbour that something moved out of: the cycle begins with the second.
      if (index > 0) ofCycle += size;
      if (index > 0 && index % cycle === 0) {
        if (ofCycle === 0) return Number.POSITIVE_INFINITY;
        const whole = Math.floor((left - 1) / ofCycle);
        left -= whole * ofCycle;
        index += whole * cycle;
        ofCycle = 0;
      }
    }
  }

  /** How many slots of the first period lie before the start. */
  private before(second: number): number {
    const period = this.period(0);
    if (!period) return 0;
    let low = 0;
    let high = period.points.length * this.times.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(period, middle) < second) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private at(period: Period, index: number): number {
    const { size } = this.times;
    return period.start + (period.points[Math.floor(index / size)] ?? 0) + this.times.at(index % size);
  }

  private search(from: number, second: number): number {
    const { times } = this;
    if (!this.canMatch) return Number.POSITIVE_INFINITY;
    const latest = times.at(times.size - 1);
    for (let index = from; index <= from + this.cycle; index++) {
      const period = this.period(index);
      if (!period) return Number.POSITIVE_INFINITY;
      const { start, points } = period;
      for (let point = 0; point < points.length; point++) {
        const begin = start + (points[point] ?? 0);
        if (begin + latest <= second) continue;
        return this.found(period, index, point, times.indexAfter(second - begin));
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  private found(period: Period, index: number, point: number, time: number): number {
    const value = period.start + (period.points[point] ?? 0) + this.times.at(time);
    if (value > lastSecond) return Number.POSITIVE_INFINITY;
    const { last } = this;
    last.value = value;
    last.index = index;
    last.point = point;
    last.time = time;
    last.period = period;
    return value;
  }

  private periodOf(day: number): number {
    switch (this.rule.frequency) {
      case 'YEARLY':
        return civilDate(day).year;
      case 'MONTHLY': {
        const { year, month } = civilDate(day);
        return year * 12 + month - 1;
      }
      default:
        return Math.floor((day - modulo(weekday(day) - this.rule.weekStart, 7) + 3) / 7);
    }
  }

  /** The first day of a period; the inverse of {@link periodOf}. */
  private firstDay(period: number): number {
    switch (this.rule.frequency) {
      case 'YEARLY':
        return dayNumber(period, 1, 1);
      case 'MONTHLY':
        return dayNumber(0, period + 1, 1);
      default:
        return period * 7 - 3 + this.rule.weekStart;
    }
  }

  /** The period of this number among those of the rule; null behind the year 9999. */
  private period(index: number): Period | null {
    const { interval, skip } = this.rule;
    const number = this.firstPeriod + index * interval;
    const start = this.firstDay(number) * secondsOfDay;
    if (start > lastSecond) return null;
    const { inside, outside } = this.pointsOf(number, start);
    if (skip === 'OMIT') return { start, points: inside };
    if (interval > 1) return { start, points: outside.length > 0 ? rising([...inside, ...outside]) : inside };
    // A day may have been moved here out of the next period or the one before: what is in both stands once.
    const neighbour = number + (skip === 'FORWARD' ? -1 : 1);
    if (neighbour < this.firstPeriod) return { start, points: inside };
    const neighbourStart = this.firstDay(neighbour) * secondsOfDay;
    const moved = this.pointsOf(neighbour, neighbourStart).outside;
    if (moved.length === 0) return { start, points: inside };
    return { start, points: rising([...inside, ...moved.map((point) => neighbourStart + point - start)]) };
  }

  private pointsOf(period: number, start: number): Points {
    const { frequency } = this.rule;
    if (frequency === 'WEEKLY') {
      if (!this.isUniform) return this.toPoints(this.week(start / secondsOfDay), 7);
      return this.known.get(0) ?? this.remember(0, this.toPoints(this.week(start / secondsOfDay), 7));
    }
    const isYear = frequency === 'YEARLY';
    const month = isYear ? 0 : period % 12;
    const year = this.yearAt(isYear ? period : Math.floor(period / 12));
    const key = year.shape * 12 + month;
    const known = this.known.get(key);
    if (known) return known;
    const first = year.monthStarts[month] ?? 0;
    const end = isYear ? year.length : (year.monthStarts[month + 1] ?? 0);
    const days = this.days.listed(year, month, isYear ? 11 : month).map((offset) => offset - first);
    return this.remember(key, this.toPoints(days, end - first));
  }

  private remember(key: number, points: Points): Points {
    this.known.set(key, points);
    return points;
  }

  private toPoints(days: readonly number[], length: number): Points {
    const starts = days.map((day) => day * secondsOfDay);
    const { bySetPos } = this.rule;
    const all = bySetPos.length > 0 ? pick(bySetPos, starts, this.dayTimes) : starts;
    const end = length * secondsOfDay;
    const isInside = (point: number): boolean => point >= 0 && point < end;
    return { inside: all.filter(isInside), outside: all.filter((point) => !isInside(point)) };
  }

  private week(firstDay: number): number[] {
    const days: number[] = [];
    let year = this.yearAt(civilDate(firstDay).year);
    let mask = this.days.mask(year);
    for (let day = 0; day < 7; day++) {
      let offset = firstDay + day - year.firstDay;
      if (offset >= year.length) {
        year = this.yearAt(year.year + 1);
        mask = this.days.mask(year);
        offset = firstDay + day - year.firstDay;
      }
      if (mask[offset] === 1) days.push(day);
    }
    return days;
  }

  private yearAt(year: number): Year {
    if (this.year.year !== year) this.year = yearOf(year);
    return this.year;
  }
}
