import { isDateOnly, toLocal } from '../dates/local-date.js';
import type { Anchor, Recurrence, TaskState } from '../task/task.js';
import { slotAfter, type Slot } from './calculate.js';

const dayMs = 24 * 3_600_000;

/** Where a series goes on. */
export interface NextSlot {
  readonly slot: Slot;
  /** What the successor counts from. */
  readonly anchor: Anchor;
}

/**
 * The slot that a series goes on with after one of its occurrences. Pure.
 * @param task the occurrence, as it was when it was completed, skipped or deleted
 * @param at when that was, in epoch milliseconds
 * @param userZone the user's own zone, in which the day of a completion is taken
 * @returns null when no slot is left: the series ends
 */
export function nextSlot(task: TaskState, at: number, userZone: string): NextSlot | null {
  const { recurrence, time_zone: zone, occurrence } = task;
  if (recurrence === null || occurrence === null) return null;
  const day = toLocal(at, userZone).slice(0, 10);
  // Without a due date there is no day to count from but that on which it was done with.
  const anchor = anchorOf(task) ?? { date: day, occurrence };
  const after = task.occurrence_date ?? day;
  const { basis, catch_up } = settingsOf(recurrence);

  let slot: Slot | null;
  if (basis === 'completion') {
    if (isCountUsedUp(recurrence, anchor, occurrence + 1)) return null;
    const start = day + anchor.date.slice(day.length);
    slot = find(withoutCount(recurrence), start, zone, start, catch_up === 'next' ? at : null);
  } else {
    slot = find(recurrence, anchor.date, zone, after, catch_up === 'next' ? at : null);
  }
  return slot && { slot, anchor };
}

/** Whether the next slot is counted from the day on which this occurrence was done with. */
export function countsFromItsEnd(task: TaskState): boolean {
  return task.recurrence !== null && (settingsOf(task.recurrence).basis === 'completion' || anchorOf(task) === null);
}

/** What the slots of a task are counted from; null while it has no date. */
export function anchorOf({ anchor, occurrence, occurrence_date: date }: TaskState): Anchor | null {
  // A task whose recurrence was set before there were anchors counts from itself on.
  if (date === null || occurrence === null) return null;
  return anchor ?? { date, occurrence };
}

function settingsOf(recurrence: Recurrence): { basis: 'due_date' | 'completion'; catch_up: 'next' | 'all' } {
  return typeof recurrence === 'string' ? { basis: 'due_date', catch_up: 'next' } : recurrence;
}

/** @param now slots that are over by then, in epoch milliseconds, are passed over; null: none is */
function find(recurrence: Recurrence, start: string, zone: string, after: string, now: number | null): Slot | null {
  if (now === null) return slotAfter(recurrence, start, zone, after);
  if (isDateOnly(start)) {
    // A day is still to come until it is over, where the task is.
    return slotAfter(recurrence, start, zone, later(after, dayBefore(toLocal(now, zone))));
  }
  let slot = slotAfter(recurrence, start, zone, later(after, toLocal(now, zone)));
  // In an hour that comes twice, a slot is in the first: later on the clock, it may be over.
  while (slot?.utc != null && Date.parse(slot.utc) <= now) slot = slotAfter(recurrence, start, zone, slot.local);
  return slot;
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

function dayBefore(local: string): string {
  return new Date(Date.parse(local.slice(0, 10)) - dayMs).toISOString().slice(0, 10);
}

const countPart = /(?:^|;)COUNT=(\d+)/;

/** Counted from the completion, a rule cannot know how many there were. */
function withoutCount(recurrence: Recurrence): Recurrence {
  if (typeof recurrence === 'string') return recurrence;
  return { ...recurrence, rule: recurrence.rule.replace(countPart, '').replace(/^;/, '') };
}

function isCountUsedUp(recurrence: Recurrence, anchor: Anchor, occurrence: number): boolean {
  const count = typeof recurrence === 'string' ? undefined : countPart.exec(recurrence.rule)?.[1];
  return count !== undefined && occurrence - anchor.occurrence >= Number(count);
}
