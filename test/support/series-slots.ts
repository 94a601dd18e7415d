/*
 * What follows in a series, by counting: enough for the rules of the load, in wall times that no clock change skips. None of
 * the program's code.
 */

interface Rule {
  readonly frequency: string;
  readonly interval: number;
  readonly count: number;
  readonly basis: string;
  readonly catchUp: string;
}

const dayMs = 24 * 3_600_000;
const words: Readonly<Record<string, string>> = {
  daily: 'DAILY',
  weekly: 'WEEKLY',
  monthly: 'MONTHLY',
  yearly: 'YEARLY',
};

function ruleOf(recurrence: unknown): Rule {
  const {
    rule,
    basis = 'due_date',
    catch_up = 'next',
  } = typeof recurrence === 'string'
    ? { rule: `FREQ=${words[recurrence] ?? ''}` }
    : (recurrence as { rule: string; basis?: string; catch_up?: string });
  const parts = new Map(rule.split(';').map((part) => part.split('=') as [string, string]));
  return {
    frequency: parts.get('FREQ') ?? '',
    interval: Number(parts.get('INTERVAL') ?? 1),
    count: Number(parts.get('COUNT') ?? Infinity),
    basis,
    catchUp: catch_up,
  };
}

/** Wall time as if it were one of UTC, in epoch milliseconds. */
export const wallClock = (local: unknown): number =>
  Date.parse(String(local).includes('T') ? `${String(local)}Z` : String(local));

/** The slot with this number, from 0 on. */
function slotAt(start: number, { frequency, interval }: Rule, number: number): number {
  const steps = interval * number;
  switch (frequency) {
    case 'SECONDLY':
      return start + steps * 1_000;
    case 'DAILY':
      return start + steps * dayMs;
    case 'WEEKLY':
      return start + steps * 7 * dayMs;
    case 'MONTHLY':
      return monthsLater(start, steps);
    case 'YEARLY':
      return monthsLater(start, 12 * steps);
    default:
      throw new Error(`the checker knows no ${frequency}`);
  }
}

/** A short month takes its last day. */
function monthsLater(start: number, months: number): number {
  const from = new Date(start);
  const last = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months + 1, 0));
  const day = Math.min(from.getUTCDate(), last.getUTCDate());
  return Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), day) + (start % dayMs);
}

/** What an occurrence was when it was done with. */
export interface Ended {
  readonly recurrence: unknown;
  /** The due date of the first of its series. */
  readonly first: unknown;
  readonly occurrence: number;
  readonly occurrenceDate: unknown;
  readonly at: Date;
}

/**
 * The slot after an occurrence: by `catch_up: next` the first that is still to come when it was done with.
 * @returns wall time as epoch milliseconds, or null when the series ends
 */
export function slotAfter({ recurrence, first, occurrence, occurrenceDate, at }: Ended): number | null {
  const rule = ruleOf(recurrence);
  const start = wallClock(first);
  if (rule.basis === 'completion') {
    const day = Math.floor(at.getTime() / dayMs) * dayMs;
    return occurrence >= rule.count ? null : slotAt(day + (start % dayMs), rule, 1);
  }
  const isDate = !String(first).includes('T');
  for (let number = 0; number < rule.count; number += 1) {
    const slot = slotAt(start, rule, number);
    const isToCome = isDate ? slot + dayMs > at.getTime() : slot > at.getTime();
    if (slot > wallClock(occurrenceDate) && (rule.catchUp === 'all' || isToCome)) return slot;
  }
  return null;
}
