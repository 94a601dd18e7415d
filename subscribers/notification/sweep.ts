import type { Pool } from 'pg';
import type { DueReminder } from './delivery.js';
import { readLostReminders, readSweptTo, writeSweptTo, type SweepPlace } from './sql/lost-reminders.js';

const pageSize = 500;
/** A commit is seen so long after the moment that it names, at most: statements are cancelled before. */
const lateCommitMs = 60_000;
const lastMoment = new Date('9999-12-31T23:59:59Z');

export interface SweepOptions {
  readonly pool: Pool;
  readonly now: () => number;
  readonly take: (due: readonly DueReminder[]) => Promise<void>;
}

/**
 * Finds reminders that came due and of which no delivery was made, because the message about them was lost, and takes them.
 * @param isNeeded asked between two pages: false ends it
 */
export async function sweepLostReminders(
  { pool, now, take }: SweepOptions,
  isNeeded: () => boolean = () => true,
): Promise<void> {
  const end = new Date(now() - lateCommitMs);
  const sweptTo = await readSweptTo(pool);
  // By a clock that was set back, what comes due now lies before what was looked at, and what came due shortly before that
  // lies in the future.
  const isSetBack = sweptTo > end;
  const until = isSetBack ? lastMoment : new Date(now());
  let place: SweepPlace = {
    fired_at: isSetBack ? end : sweptTo,
    user_id: '',
    reminder_id: '00000000-0000-0000-0000-000000000000',
  };
  for (;;) {
    if (!isNeeded()) return;
    const lost = await readLostReminders(pool, place, until, pageSize);
    await take(lost.map((one) => ({ ...one, due_at: one.due_at.toISOString() })));
    const last = lost.at(-1);
    if (!last || lost.length < pageSize) break;
    place = last;
  }
  await writeSweptTo(pool, end);
}
