import { secondsOfDay } from './civil-days.js';
import type { Rule } from './parse-rule.js';
import { Times } from './times-of-day.js';

/**
 * The parts of a rule that limit at which times of day its steps count: BYHOUR for steps of an hour, BYMINUTE too for
 * those of a minute, and all three for those of a second. Units are counted from midnight.
 */
export class TimeLimits {
  /** True where every unit of a day is allowed. */
  readonly areNone: boolean;
  private readonly unitsOfDay: number;
  /** By the number of an hour, minute or second, the next that is allowed; null where all are. */
  private readonly hours: Int8Array | null;
  private readonly minutes: Int8Array | null;
  private readonly seconds: Int8Array | null;

  /** @param unit the length of a step in seconds: a day, an hour, a minute or 1 */
  constructor(
    private readonly rule: Rule,
    private readonly unit: number,
  ) {
    this.unitsOfDay = secondsOfDay / unit;
    this.hours = unit <= 3600 ? nextOf(rule.byHour, 24) : null;
    this.minutes = unit <= 60 ? nextOf(rule.byMinute, 60) : null;
    this.seconds = unit === 1 ? nextOf(rule.bySecond, 60) : null;
    this.areNone = !this.hours && !this.minutes && !this.seconds;
  }

  /** This unit of the day where it is allowed; else a later one, and none before that one is. */
  next(ofDay: number): number {
    const { unit, hours, minutes, seconds } = this;
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
   * Whether steps ever meet an allowed unit. They meet, on some day or other, each that differs from the first by a
   * multiple of what divides both the step and the day.
   */
  areMet(first: number, interval: number): boolean {
    const divisor = greatestDivisor(interval, this.unitsOfDay);
    if (this.areNone || divisor === 1) return true;
    const allowed = this.allowed();
    for (let index = 0; index < allowed.size; index++) {
      if ((allowed.at(index) / this.unit - first) % divisor === 0) return true;
    }
    return false;
  }

  /** How many allowed units of a day leave each remainder when they are divided by the interval. */
  countByRemainder(interval: number): Uint32Array {
    const counts = new Uint32Array(Math.min(interval, this.unitsOfDay));
    const allowed = this.allowed();
    for (let index = 0; index < allowed.size; index++) {
      const remainder = (allowed.at(index) / this.unit) % interval;
      counts[remainder] = (counts[remainder] ?? 0) + 1;
    }
    return counts;
  }

  private allowed(): Times {
    const { unit, rule } = this;
    const listed = (numbers: readonly number[], size: number, isPart: boolean): readonly number[] => {
      if (!isPart) return [0];
      return numbers.length > 0 ? numbers : Array.from({ length: size }, (_, number) => number);
    };
    return new Times(
      listed(rule.byHour, 24, unit <= 3600),
      listed(rule.byMinute, 60, unit <= 60),
      listed(rule.bySecond, 60, unit === 1),
    );
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

export function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
