/** When a reminder comes next, of those that are planned. */
export interface PlanEntry {
  readonly reminder_id: string;
  /** Epoch milliseconds. */
  readonly due: number;
}

/** The near future of a user's reminders, in the order in which they come. */
export interface Plan {
  /** At most {@link mostEntries}. */
  readonly entries: readonly PlanEntry[];
  /** True when others come after these. */
  readonly has_more: boolean;
}

/** What the actor of a user's reminders keeps. */
export interface Schedule extends Plan {
  /** When Dapr's periodic reminder first comes, in epoch milliseconds; then every hour. null: there is none. */
  readonly wake: number | null;
}

/** How many reminders of one user are planned ahead; those after them are found when these have come. */
export const mostEntries = 100;
/** How often Dapr's reminder comes, in milliseconds. */
export const wakePeriodMs = 3_600_000;
/** How long before the next reminder it comes, in milliseconds: time enough to set a timer. */
export const leadMs = 20_000;
/** A reminder that comes within this time has a timer set, in milliseconds. */
export const timerWithinMs = 30_000;

export const emptySchedule: Schedule = { entries: [], has_more: false, wake: null };

/** What is due by now, and the plan without it. @param now epoch milliseconds */
export function takeDue<T extends Plan>(plan: T, now: number): { due: readonly PlanEntry[]; rest: T } {
  const first = plan.entries.findIndex(({ due }) => due > now);
  const count = first < 0 ? plan.entries.length : first;
  if (count === 0) return { due: [], rest: plan };
  return { due: plan.entries.slice(0, count), rest: { ...plan, entries: plan.entries.slice(count) } };
}

/**
 * When Dapr's reminder has to come first, for the next entry not to be missed.
 * @param isTick it has just come: the time to aim it anew, or to do without it
 * @returns epoch milliseconds, null for no reminder at all, or `as_it_is`
 */
export function aimOf({ entries, wake }: Schedule, now: number, isTick: boolean): number | null | 'as_it_is' {
  const [next] = entries;
  // A tick that finds nothing costs less than a change at the scheduler, so it is not taken away before.
  if (!next) return isTick ? null : 'as_it_is';
  if (next.due - now <= timerWithinMs) return 'as_it_is';
  const wanted = next.due - leadMs;
  if (wake === null || comingWake(wake, now) > wanted) return wanted;
  return isTick && wanted > now + wakePeriodMs ? wanted : 'as_it_is';
}

/** The first tick after now of a reminder that comes at `wake` and then every hour. */
function comingWake(wake: number, now: number): number {
  return wake > now ? wake : wake + (Math.floor((now - wake) / wakePeriodMs) + 1) * wakePeriodMs;
}
