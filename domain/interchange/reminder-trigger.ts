import { addDuration, durationFault, isDateOnly, toInstant } from '../dates/local-date.js';
import type { Reminder } from '../task/task.js';

/** What the trigger of a reminder is relative to. */
export interface TriggerBase {
  /** The task's due date, checked; null when it has none. */
  readonly due: string | null;
  readonly start: string | null;
  /** The zone that both are in. */
  readonly zone: string;
  readonly recurs: boolean;
}

/**
 * A relative trigger (RFC 5545 section 3.8.6.3) as a reminder.
 * @param trigger a signed duration such as `-PT15M`
 * @param related what it counts from; a task without a start has only an end
 * @returns null when there is no such reminder here: it comes after the due date
 */
export function relativeReminder(trigger: string, related: 'start' | 'end', base: TriggerBase): Reminder | null {
  const [, sign, duration = ''] = /^([+-]?)(P[0-9WDTHMS]+)$/.exec(trigger.toUpperCase()) ?? [];
  if (durationFault(duration) !== null) return null;
  const { due, start, zone } = base;
  const length = seconds(duration);
  const earlier = sign === '-' ? length : -length;

  if (related === 'start' && start !== null && due !== null && start !== due) {
    const before = (toInstant(due, zone) - toInstant(start, zone)) / 1000 + earlier;
    return before >= 0 ? { before: shortest(before) } : null;
  }
  if (earlier >= 0) return { before: duration };
  // At nine on the day of an all-day task: TickTick's and Apple's usual reminder. One that recurs would need it daily.
  return due !== null && isDateOnly(due) && length < 86_400 && !base.recurs
    ? { at: addDuration(`${due}T00:00`, duration, 'UTC') }
    : null;
}

const unitSeconds = { W: 604_800, D: 86_400, H: 3600, M: 60, S: 1 } as const;

function seconds(duration: string): number {
  let total = 0;
  for (const [, count, unit] of duration.matchAll(/(\d+)([WDHMS])/g)) {
    total += Number(count) * unitSeconds[unit as keyof typeof unitSeconds];
  }
  return total;
}

function shortest(total: number): string {
  if (total % 3600 === 0) return `PT${total / 3600}H`;
  return total % 60 === 0 ? `PT${total / 60}M` : `PT${total}S`;
}
