import { LRUCache } from 'lru-cache';
import type { Recurrence } from '../task/task.js';
import { Calculation, type Slot } from './calculation.js';
import { wallSeconds } from './civil-days.js';
import { parseRule, ruleText } from './parse-rule.js';

export type { Slot } from './calculation.js';

/**
 * The slots of a recurrence, from the first one that is not before the anchor on. They are calculated as they are asked
 * for, and end with COUNT, UNTIL or the year 9999; of a rule that never matches there are none. COUNT counts what the
 * rule gives from the anchor on: the anchor is the first where the rule meets it, and is left out where it does not.
 * @param anchor a checked local date or date-time
 * @param zone a checked IANA zone; of no account for a date
 */
export function* slots(recurrence: Recurrence, anchor: string, zone: string): Generator<Slot, void, undefined> {
  const calculation = new Calculation(parseRule(ruleText(recurrence)), anchor, zone);
  let wall = calculation.first();
  while (wall < Number.POSITIVE_INFINITY) {
    yield calculation.slot(wall);
    wall = calculation.after(wall);
  }
}

// Successors of a task and the pages of its occurrences ask about the same series over and over.
const calculations = new LRUCache<string, Calculation>({ max: 500 });

/**
 * The first slot later than a wall time; null when the series ends before. As fast at the end of a series as at its
 * beginning.
 * @param anchor a checked local date or date-time: where the series is counted from
 * @param zone a checked IANA zone
 * @param after a checked local date or date-time; of a series of dates only its day counts
 */
export function slotAfter(recurrence: Recurrence, anchor: string, zone: string, after: string): Slot | null {
  const rule = ruleText(recurrence);
  const key = `${anchor} ${zone} ${rule}`;
  let calculation = calculations.get(key);
  if (!calculation) {
    calculation = new Calculation(parseRule(rule), anchor, zone);
    calculations.set(key, calculation);
  }
  const wall = calculation.after(wallSeconds(after));
  return wall < Number.POSITIVE_INFINITY ? calculation.slot(wall) : null;
}
