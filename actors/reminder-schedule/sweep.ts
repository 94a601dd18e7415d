import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { reminderScheduleOf } from '../../domain/reminders/schedule-id.js';
import type { ActorCalls } from '../../runtime/dapr/actor-calls.js';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import { inParallel } from '../in-parallel.js';
import { oneAtATime } from '../one-at-a-time.js';
import type { Armed } from './armed.js';
import type { DueReminders } from './due-reminders.js';
import { pendingReminders, placeAt, type PendingPlace } from './sql/pending-reminders.js';

/** How far ahead the sweep looks, in milliseconds: what nobody set a timer for by then was lost on its way. */
const aheadMs = 12_000;
/** How many reminders one look at the database gives. */
const pageSize = 1_000;
/** How many actors one sweep calls, and how many at once: where one has a timer, all of its moment come with it. */
const calls = { most: 100, atOnce: 8 };

export interface ReminderSweepParts {
  readonly pool: Pool;
  readonly log: Logger;
  readonly now: () => Date;
  readonly actors: Pick<ActorCalls, 'call'>;
  readonly armed: Armed;
  readonly due: Pick<DueReminders, 'request'>;
}

/**
 * Has committed what is due, whoever should have seen to it, and has the actors plan anew whose reminders are about to come
 * without a timer of this process. So nothing that is lost on the way loses a reminder: not the message that it was
 * planned, not Dapr's reminder, not a timer, and not a time in which everything was down.
 */
export class ReminderSweep {
  private readonly task: RepeatedTask;

  constructor(private readonly parts: ReminderSweepParts) {
    this.task = new RepeatedTask('looking after reminders', parts.log, async () => {
      // What another process looks after at the moment, it looks after for all.
      await oneAtATime(parts.pool, 'reminder sweep', () => this.lookAhead());
    });
  }

  /** Sweeps soon, once however often it is asked for meanwhile. */
  request(): void {
    this.parts.due.request();
    this.task.request();
  }

  stop(): Promise<void> {
    return this.task.stop();
  }

  private async lookAhead(): Promise<void> {
    const { pool, log, actors, armed } = this.parts;
    const now = this.parts.now();
    const by = new Date(now.getTime() + aheadMs);
    const lost = new Set<string>();
    for (let place: PendingPlace | undefined = placeAt(now.toISOString()); place && lost.size < calls.most;) {
      const page: Awaited<ReturnType<typeof pendingReminders>> = await pendingReminders(pool, by, place, pageSize);
      for (const { user_id, due } of page) {
        if (lost.size < calls.most && !armed.has(user_id, now.getTime(), due)) lost.add(user_id);
      }
      place = page.length === pageSize ? page.at(-1) : undefined;
    }
    const failures = await inParallel([...lost], calls.atOnce, (userId) =>
      actors.call(reminderScheduleOf(userId), 'follow', {}),
    );
    if (failures.length === 0) return;
    log.warn(
      { err: failures[0], failures: failures.length },
      'reminders could not be looked after; the next sweep will',
    );
  }
}
