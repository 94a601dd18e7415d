import type { Pool } from 'pg';
import { reminderScheduleOf } from '../../domain/reminders/schedule-id.js';
import {
  aimOf,
  emptySchedule,
  takeDue,
  timerWithinMs,
  wakePeriodMs,
  type Plan,
  type Schedule,
} from '../../domain/reminders/schedule.js';
import type { ActorCalls, ActorRef } from '../../runtime/dapr/actor-calls.js';
import type { Armed } from './armed.js';
import type { DueReminders } from './due-reminders.js';
import type { Firing } from './firing.js';
import { isSchedule } from './kept-schedule.js';
import { readPlan } from './sql/read-plan.js';

export interface ReminderScheduleParts {
  readonly pool: Pool;
  readonly now: () => Date;
  readonly sidecar: Omit<ActorCalls, 'call'>;
  readonly firing: Pick<Firing, 'fire'>;
  readonly due: Pick<DueReminders, 'request'>;
  readonly armed: Armed;
}

/** Under which its schedule lies in Dapr's actor state. */
const stateKey = 'schedule';
const reminderName = 'wake';
/** A tick that comes earlier than this before its time is that of another registration than the one it knows of. */
const slackMs = 60_000;
/** How long a turn goes on firing, in milliseconds; then a timer goes on. */
const longestTurnMs = 1_000;

/**
 * The reminders of one user. What is planned stands in the database, written with the change of the task that planned it;
 * this actor knows the near future of it, has itself woken in time, and has what is due committed.
 */
export class ReminderSchedule {
  private schedule: Schedule | undefined;
  /** As it lies in Dapr's state. */
  private kept: Schedule = emptySchedule;
  /** For when a timer is set. */
  private timerAt: number | undefined;
  private readonly actor: ActorRef;

  constructor(
    private readonly parts: ReminderScheduleParts,
    private readonly userId: string,
  ) {
    this.actor = reminderScheduleOf(userId);
  }

  /** Plans anew from the index, which anybody may ask for at any time; and fires what is due. */
  async follow(): Promise<void> {
    await this.undo(async () => {
      const schedule = await this.load();
      await this.settle({ ...schedule, ...(await this.fireAll()) }, false);
    });
  }

  /** Dapr's periodic reminder has come. */
  async tick(): Promise<void> {
    await this.undo(async () => {
      const { wake } = await this.load();
      // It was aimed anew, and Dapr did not hear of it.
      const isKnown = wake !== null && wake <= this.now() + slackMs;
      await this.settle({ ...(await this.fireAll()), wake: isKnown ? wake : null }, true);
    });
  }

  /**
   * A timer has come. Dapr calls the timers of all actors of a sidecar one after the other, each when the one before it has
   * been answered. So the first of a moment has all that is due committed, of whichever users, and none waits for that.
   * @param name of the timer
   */
  async timer(name: string): Promise<void> {
    this.parts.due.request();
    await this.undo(async () => {
      if (name === timerName(this.timerAt)) this.disarm();
      const { rest } = takeDue(await this.load(), this.now());
      if (rest.entries.length === 0 && rest.has_more) await this.settle({ ...rest, ...(await this.fireAll()) }, false);
      else await this.settle(rest, false);
    });
  }

  /** Leaves memory. */
  disarm(): void {
    this.timerAt = undefined;
    this.parts.armed.clear(this.userId);
  }

  /** Fires what is due according to the index, all of it but for what a turn has no time for. @returns what is to come */
  private async fireAll(): Promise<Plan> {
    const until = this.now() + longestTurnMs;
    for (;;) {
      const plan = await readPlan(this.parts.pool, this.userId);
      const { due, rest } = takeDue(plan, this.now());
      if (due.length === 0) return plan;
      await this.parts.firing.fire(this.userId, idsOf(due));
      if (!rest.has_more || rest.entries.length > 0) return rest;
      if (this.now() > until) {
        await this.setTimer(this.now());
        return rest;
      }
    }
  }

  /** Sets the timer and Dapr's reminder for what comes next, and keeps the schedule. */
  private async settle(schedule: Schedule, isTick: boolean): Promise<void> {
    const now = this.now();
    const [next] = schedule.entries;
    if (next && next.due - now <= timerWithinMs && !this.isArmed(next.due)) await this.setTimer(next.due);
    const aim = aimOf(schedule, now, isTick);
    // What is kept never promises more than Dapr has: a crash between the two must not leave it without a tick.
    if (aim === 'as_it_is') {
      await this.keep(schedule);
    } else if (aim === null) {
      await this.keep({ ...schedule, wake: null });
      await this.parts.sidecar.deleteReminder(this.actor, reminderName);
    } else if (schedule.wake !== null && aim > schedule.wake) {
      await this.keep({ ...schedule, wake: aim });
      await this.setReminder(aim, now);
    } else {
      await this.setReminder(aim, now);
      await this.keep({ ...schedule, wake: aim });
    }
  }

  private setReminder(at: number, now: number): Promise<void> {
    return this.parts.sidecar.setReminder(this.actor, reminderName, { inMs: at - now, everyMs: wakePeriodMs });
  }

  /** Each time has a timer of its own: Dapr takes long to replace one, and one that finds nothing does no harm. */
  private async setTimer(due: number): Promise<void> {
    await this.parts.sidecar.setTimer(this.actor, timerName(due), due - this.now());
    this.timerAt = due;
    this.parts.armed.set(this.userId, due);
  }

  private isArmed(due: number): boolean {
    return this.timerAt === due && this.parts.armed.has(this.userId, due, due);
  }

  private async load(): Promise<Schedule> {
    if (!this.schedule) {
      const kept = await this.parts.sidecar.readState(this.actor, stateKey);
      this.kept = isSchedule(kept) ? kept : emptySchedule;
      this.schedule = this.kept;
    }
    return this.schedule;
  }

  /** Writes what changed; that time has passed is no change. */
  private async keep(schedule: Schedule): Promise<void> {
    const now = this.now();
    if (!isSame(takeDue(this.kept, now).rest, takeDue(schedule, now).rest)) {
      const isEmpty = schedule.entries.length === 0 && schedule.wake === null;
      await this.parts.sidecar.writeState(this.actor, stateKey, isEmpty ? null : schedule);
      this.kept = schedule;
    }
    this.schedule = schedule;
  }

  /** What a failed turn leaves is read again. */
  private async undo(turn: () => Promise<void>): Promise<void> {
    try {
      await turn();
    } catch (error) {
      this.schedule = undefined;
      throw error;
    }
  }

  private now(): number {
    return this.parts.now().getTime();
  }
}

const timerName = (due: number | undefined): string => `due-${due}`;
const idsOf = (entries: Plan['entries']): string[] => entries.map(({ reminder_id }) => reminder_id);

function isSame(a: Schedule, b: Schedule): boolean {
  return (
    a.wake === b.wake &&
    a.has_more === b.has_more &&
    a.entries.length === b.entries.length &&
    a.entries.every(({ reminder_id }, index) => reminder_id === b.entries[index]?.reminder_id)
  );
}
