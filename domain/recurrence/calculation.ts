import { isDateOnly } from '../dates/local-date.js';
import { dateText, secondsOfDay, wallSeconds, wallText } from './civil-days.js';
import { completeRule } from './complete-rule.js';
import type { Nominals } from './nominals.js';
import type { Rule } from './parse-rule.js';
import { PeriodSeries } from './period-series.js';
import { StepSeries } from './step-series.js';
import { zoneClock, type Gap, type ZoneClock } from './zone-clock.js';

/** A moment of a series. */
export interface Slot {
  /** Wall time in the task's zone, or a date. */
  readonly local: string;
  /** RFC 3339; null for a date without a time. */
  readonly utc: string | null;
  /** A clock change left its own wall time out: it moved forward by the gap (RFC 5545 section 3.3.5). */
  readonly shifted: boolean;
}

/** One series: its rule, from its anchor on, in its zone. Times are wall seconds as people see them, after any shift. */
export class Calculation {
  private readonly anchor: number;
  private readonly allDay: boolean;
  private readonly nominals: Nominals;
  private readonly clock: ZoneClock;
  private readonly count: number;
  /** The slot that COUNT ends with, once it was asked for. */
  private lastNominal: number | null = null;
  /** Wall seconds. */
  private readonly until: number;
  private readonly untilUtc: number;
  private shifted = false;

  constructor(rule: Rule, anchor: string, zone: string) {
    this.allDay = isDateOnly(anchor);
    this.anchor = wallSeconds(anchor);
    const complete = completeRule(rule, this.anchor, this.allDay);
    const isPeriod = ['YEARLY', 'MONTHLY', 'WEEKLY'].includes(rule.frequency);
    this.nominals = isPeriod ? new PeriodSeries(complete, this.anchor) : new StepSeries(complete, this.anchor);
    this.clock = zoneClock(this.allDay ? 'UTC' : zone);
    this.count = rule.count ?? Number.POSITIVE_INFINITY;
    const until = rule.until === null ? null : readUntil(rule.until, this.allDay);
    this.until = until && !until.isUtc ? until.seconds : Number.POSITIVE_INFINITY;
    this.untilUtc = until?.isUtc ? until.seconds : Number.POSITIVE_INFINITY;
  }

  /** The first slot; Infinity where there is none. */
  first(): number {
    return this.next(this.anchor - 1);
  }

  /** The first slot later than a wall time; Infinity where there is none. */
  after(wall: number): number {
    return this.next(this.allDay ? (Math.floor(wall / secondsOfDay) + 1) * secondsOfDay - 1 : wall);
  }

  /** Shows the slot that was found last. */
  slot(wall: number): Slot {
    if (this.allDay) return { local: dateText(Math.floor(wall / secondsOfDay)), utc: null, shifted: false };
    const utc = this.clock.toUtc(wall);
    return { local: wallText(wall), utc: `${wallText(utc, true)}Z`, shifted: this.shifted };
  }

  private next(wall: number): number {
    const next = this.moved(wall);
    if (next === Number.POSITIVE_INFINITY) return next;
    const isOver =
      next > this.until || (this.untilUtc < Number.POSITIVE_INFINITY && this.clock.toUtc(next) > this.untilUtc);
    return isOver ? Number.POSITIVE_INFINITY : next;
  }

  /** The next one as clock changes leave it. What was moved to where another slot stands is that slot. */
  private moved(wall: number): number {
    const { clock } = this;
    const nominal = this.nominal(wall);
    this.shifted = false;
    const isOver = nominal === Number.POSITIVE_INFINITY;
    if ((isOver || clock.isCalm(nominal)) && this.isCalmBefore(wall, nominal)) return nominal;
    // Each of the two may stand beside a change of its own.
    const here = clock.gapAt(wall);
    const there = isOver ? null : clock.gapAt(nominal);
    const shifted = Math.min(this.movedOver(here, wall), this.movedOver(there, wall));
    const isLeftOut = there !== null && nominal < there.start + there.length;
    const unshifted = isLeftOut ? this.nominal(there.start + there.length - 1) : nominal;
    this.shifted = shifted < unshifted;
    return Math.min(shifted, unshifted);
  }

  /** The first slot that a gap moved to behind `wall`. */
  private movedOver(gap: Gap | null, wall: number): number {
    if (!gap) return Number.POSITIVE_INFINITY;
    const leftOut = this.nominal(Math.max(wall - gap.length, gap.start - 1));
    return leftOut < gap.start + gap.length ? leftOut + gap.length : Number.POSITIVE_INFINITY;
  }

  /** True where no slot can have been moved from before `wall` to behind it. */
  private isCalmBefore(wall: number, nominal: number): boolean {
    return this.clock.isInCalm(wall) || this.nominal(wall - secondsOfDay) >= Math.min(wall, nominal);
  }

  private nominal(after: number): number {
    const nominal = this.nominals.after(after);
    if (this.count === Number.POSITIVE_INFINITY || nominal === Number.POSITIVE_INFINITY) return nominal;
    // Most often it is plain that there were not so many yet.
    if (this.nominals.mostUntil(nominal) <= this.count) return nominal;
    this.lastNominal ??= this.nominals.nth(this.count);
    return nominal <= this.lastNominal ? nominal : Number.POSITIVE_INFINITY;
  }
}

interface Until {
  readonly seconds: number;
  readonly isUtc: boolean;
}

/**
 * Reads UNTIL, which includes what it names (RFC 5545 section 3.3.10). It should be of the kind of the start, a date for
 * dates and UTC for times; a date ends with its last second, and a time without Z is one of the task's zone.
 */
function readUntil(until: string, allDay: boolean): Until {
  const date = `${until.slice(0, 4)}-${until.slice(4, 6)}-${until.slice(6, 8)}`;
  if (allDay || until.length === 8) return { seconds: wallSeconds(date) + secondsOfDay - 1, isUtc: false };
  const time = `${until.slice(9, 11)}:${until.slice(11, 13)}:${until.slice(13, 15)}`;
  return { seconds: wallSeconds(`${date}T${time}`), isUtc: until.endsWith('Z') };
}
