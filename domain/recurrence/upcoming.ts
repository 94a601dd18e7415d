import type { Recurrence, TaskState } from '../task/task.js';
import { slotAfter, type Slot } from './calculate.js';
import { countsFromItsEnd, nextSlot } from './next-slot.js';
import { parseRule, ruleText, withoutParts } from './parse-rule.js';

/**
 * What comes after an occurrence, if it were done with now and each one after it on its day.
 * @param task the occurrence
 * @param now epoch milliseconds
 * @param userZone the user's own zone
 * @param most at most so many slots
 */
export function upcoming(task: TaskState, now: number, userZone: string, most: number): Slot[] {
  const { recurrence, time_zone: zone, occurrence } = task;
  const next = nextSlot(task, now, userZone);
  if (recurrence === null || occurrence === null || next === null) return [];
  const { count } = parseRule(ruleText(recurrence));
  const fromItsEnd = countsFromItsEnd(task);
  // Counted from its day, an occurrence starts the rule anew: what is left of COUNT is for the numbers to say.
  const left = fromItsEnd && count !== null ? count + next.anchor.occurrence - occurrence - 1 : most;
  const rule = fromItsEnd ? uncounted(recurrence) : recurrence;
  const found: Slot[] = [];
  let slot: Slot | null = next.slot;
  while (slot && found.length < Math.min(most, left)) {
    found.push(slot);
    slot = slotAfter(rule, fromItsEnd ? slot.local : next.anchor.date, zone, slot.local);
  }
  return found;
}

function uncounted(recurrence: Recurrence): Recurrence {
  return typeof recurrence === 'string' ? recurrence : { ...recurrence, rule: withoutParts(recurrence.rule, 'COUNT') };
}
