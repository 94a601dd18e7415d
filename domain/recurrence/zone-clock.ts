import { civilDate, dayNumber, secondsOfDay } from './civil-days.js';
import { yearOf, type Year } from './year.js';

/** A change of a zone's clock, in seconds: where UTC stands then, and the offsets before and after it. */
interface Transition {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** Wall times that a clock change leaves out, and by how much they move forward. Wall seconds. */
export interface Gap {
  readonly start: number;
  readonly length: number;
}

/**
 * Offsets are asked for at the borders of blocks: days 0, 8, 16 … of each year. No zone has put its clock forward and back
 * again within one.
 */
const daysOfBlock = 8;
const blocksOfYear = 46;
const mostBlocks = 20_000;

function blockOf(utc: number): number {
  const day = Math.floor(utc / secondsOfDay);
  const { year } = civilDate(day);
  return year * blocksOfYear + Math.floor((day - dayNumber(year, 1, 1)) / daysOfBlock);
}

function startOfBlock(block: number): number {
  const year = Math.floor(block / blocksOfYear);
  return (dayNumber(year, 1, 1) + (block % blocksOfYear) * daysOfBlock) * secondsOfDay;
}

/** From here on the time zone database has no more changes of rules: years of the same calendar are alike. */
const settled = 2100;
const calendarOf = ({ weekday, length }: Year): number => weekday * 400 + length;
/** By calendar, a year of it. After 28 years all have been. */
const alike = new Map(
  Array.from({ length: 28 }, (_, index): [number, number] => {
    const year = settled + 1 + index;
    return [calendarOf(yearOf(year)), year];
  }),
);

/** The block of a year that is alike, so that the years up to 9999 need no more looking up than a few. */
function settledBlock(block: number): number {
  const year = Math.floor(block / blocksOfYear);
  if (year <= settled) return block;
  return (alike.get(calendarOf(yearOf(year))) ?? year) * blocksOfYear + (block % blocksOfYear);
}

/**
 * The clock of a zone, by the time zone database of the runtime. It remembers the offsets that it has looked up, because
 * one look-up takes microseconds, and a stretch in which nothing changes, in which a slot takes next to nothing.
 */
export class ZoneClock {
  private readonly format: Intl.DateTimeFormat;
  private readonly offsets = new Map<number, number>();
  private readonly transitions = new Map<number, Transition | null>();
  private calmFrom = Number.POSITIVE_INFINITY;
  private calmUntil = Number.NEGATIVE_INFINITY;
  private calmOffset = 0;

  constructor(private readonly zone: string) {
    this.format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    if (zone === 'UTC') {
      this.calmFrom = Number.NEGATIVE_INFINITY;
      this.calmUntil = Number.POSITIVE_INFINITY;
    }
  }

  /** True where no clock change is near: the wall time exists once, and no other was moved to it. */
  isCalm(wall: number): boolean {
    if (this.isInCalm(wall)) return true;
    const [first, last] = blocksAround(wall);
    const offset = this.offsetAtBlock(first);
    for (let index = first + 1; index <= last; index++) if (this.offsetAtBlock(index) !== offset) return false;
    // A day is the longest that a clock was put forward by (Pacific/Apia, 2011).
    this.calmFrom = startOfBlock(first) + offset + secondsOfDay;
    this.calmUntil = startOfBlock(last) + offset;
    this.calmOffset = offset;
    return true;
  }

  /** True where the stretch that was looked at last is known to be calm here too. */
  isInCalm(wall: number): boolean {
    return wall >= this.calmFrom && wall < this.calmUntil;
  }

  /** The UTC seconds of a wall time; of one that comes twice, the first (RFC 5545 section 3.3.5). */
  toUtc(wall: number): number {
    if (this.isCalm(wall)) return wall - this.calmOffset;
    let offset: number | null = null;
    for (const { at, before, after } of this.transitionsAround(wall)) {
      if (wall - before < at) return wall - before;
      offset = after;
      // Neither before nor after the change: left out, and read with the offset before it.
      if (wall - after < at) return wall - before;
    }
    return wall - (offset ?? this.offsetAt(wall));
  }

  /** The gap that a wall time lies in, or that others were moved out of to where it lies. */
  gapAt(wall: number): Gap | null {
    if (this.isCalm(wall)) return null;
    for (const { at, before, after } of this.transitionsAround(wall)) {
      const gap = { start: at + before, length: after - before };
      if (gap.length > 0 && wall >= gap.start && wall < gap.start + 2 * gap.length) return gap;
    }
    return null;
  }

  private transitionsAround(wall: number): Transition[] {
    const [first, last] = blocksAround(wall);
    const found: Transition[] = [];
    for (let index = first; index < last; index++) {
      const transition = this.transitionIn(index);
      if (transition) found.push(transition);
    }
    return found;
  }

  private transitionIn(index: number): Transition | null {
    const known = this.transitions.get(index);
    if (known !== undefined) return known;
    const before = this.offsetAtBlock(index);
    const after = this.offsetAtBlock(index + 1);
    let transition: Transition | null = null;
    if (before !== after) {
      let low = startOfBlock(index);
      let high = startOfBlock(index + 1);
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (this.offsetAt(middle) === before) low = middle;
        else high = middle;
      }
      transition = { at: high, before, after };
    }
    if (this.transitions.size >= mostBlocks) this.transitions.clear();
    this.transitions.set(index, transition);
    return transition;
  }

  private offsetAtBlock(block: number): number {
    const index = settledBlock(block);
    let offset = this.offsets.get(index);
    if (offset === undefined) {
      offset = this.offsetAt(startOfBlock(index));
      if (this.offsets.size >= mostBlocks) this.offsets.clear();
      this.offsets.set(index, offset);
    }
    return offset;
  }

  /** Seconds east of Greenwich at an instant. */
  private offsetAt(utc: number): number {
    const text = this.format.format(utc * 1000);
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
    if (!match) throw new Error(`no offset of ${this.zone} in "${text}"`);
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return sign === '-' ? -size : size;
  }
}

/** The blocks at whose borders to look: from two days before, for an offset and a gap of a day, to one day after. */
function blocksAround(wall: number): [number, number] {
  return [blockOf(wall - 2 * secondsOfDay), blockOf(wall + secondsOfDay) + 1];
}

const clocks = new Map<string, ZoneClock>();
const mostClocks = 100;

/** The clock of a zone, with what it has looked up so far. */
export function zoneClock(zone: string): ZoneClock {
  let clock = clocks.get(zone);
  if (!clock) {
    if (clocks.size >= mostClocks) clocks.clear();
    clock = new ZoneClock(zone);
    clocks.set(zone, clock);
  }
  return clock;
}
