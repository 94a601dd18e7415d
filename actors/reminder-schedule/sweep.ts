import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { reminderScheduleOf } from '../../domain/reminders/schedule-id.js';
import type { ActorCalls } from '../../runtime/dapr/actor-calls.js';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import { inParallel } from '../in-parallel.js';
import { oneAtATime } from '../one-at-a-time.js';
import type { Armed } from './armed.js';
import { firstPlace, usersWithPending, type PendingPlace } from './sql/users-with-pending.js';

/** How late a reminder is before the sweep looks after it, in milliseconds: a timer has had its time. */
export const graceMs = 5_000;
/** How far ahead the sweep looks, in milliseconds: what nobody set a timer for by then was lost on its way. */
export const aheadMs = 12_000;
/** How many reminders one look at the database gives. */
const lookedAtAtOnce = 1_000;
/** How many actors are called at once. */
const callsAtOnce = 32;

export interface ReminderSweepParts {
  readonly pool: Pool;
  readonly log: Logger;
  readonly now: () => Date;
  readonly actors: Pick<ActorCalls, 'call'>;
  readonly armed: Armed;
}

/**
 * Has the actors look that should have done so by themselves: of reminders that are overdue, and of those that are about
 * to come without a timer of this process. So nothing that is lost on the way loses a reminder: not the message that it was
 * planned, not Dapr's reminder, not a timer, and not a time in which everything was down.
 */
export class ReminderSweep {
  private readonly task: RepeatedTask;
  private isStopped = false;

  constructor(private readonly parts: ReminderSweepParts) {
    this.task = new RepeatedTask('looking after reminders', parts.log, async () => {
      // What another process looks after at the moment, it looks after for all.
      await oneAtATime(parts.pool, 'reminder sweep', () => this.lookAtAll());
    });
  }

  /** Sweeps soon, once however often it is asked for meanwhile. */
  request(): void {
    this.task.request();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.task.stop();
  }

  private async lookAtAll(): Promise<void> {
    const now = this.parts.now().getTime();
    for (let place: PendingPlace | null = firstPlace; place && !this.isStopped;) place = await this.look(place, now);
  }

  private async look(place: PendingPlace, now: number): Promise<PendingPlace | null> {
    const { pool, log, actors, armed } = this.parts;
    const { users, next } = await usersWithPending(pool, new Date(now + aheadMs), place, lookedAtAtOnce);
    const lost = users.filter(({ user_id, due }) => !armed.has(user_id, now - graceMs, due));
    const failures = await inParallel(lost, callsAtOnce, ({ user_id }) =>
      actors.call(reminderScheduleOf(user_id), 'follow', {}),
    );
    if (failures.length > 0) {
      log.warn(
        { err: failures[0], failures: failures.length },
        'reminders could not be looked after; the next sweep will',
      );
    }
    return next;
  }
}
