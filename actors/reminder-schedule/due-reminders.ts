import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import { oneAtATime } from '../one-at-a-time.js';
import type { Firing } from './firing.js';
import { pendingReminders, placeAt, type PendingPlace, type PendingReminder } from './sql/pending-reminders.js';

/** How many reminders one look at the database gives. */
const pageSize = 1_000;
/** When another process is at it, this one looks again after so many milliseconds. */
const afterOthersMs = 250;

export interface DueRemindersParts {
  readonly pool: Pool;
  readonly log: Logger;
  readonly now: () => Date;
  readonly firing: Pick<Firing, 'fire'>;
}

/**
 * Has all committed that is pending and due, of all users: whoever's timer comes first does it for everybody, since the
 * timers of a sidecar come one after the other. Of several processes one does it at a time.
 */
export class DueReminders {
  private readonly task: RepeatedTask;
  private again: NodeJS.Timeout | undefined;

  constructor(private readonly parts: DueRemindersParts) {
    this.task = new RepeatedTask('committing what is due', parts.log, async () => {
      if (await this.commitAll()) return;
      this.again ??= setTimeout(() => {
        this.again = undefined;
        this.request();
      }, afterOthersMs);
    });
  }

  /** Does it soon, once however often it is asked for meanwhile. */
  request(): void {
    this.task.request();
  }

  async stop(): Promise<void> {
    clearTimeout(this.again);
    await this.task.stop();
  }

  /**
   * @returns false when another process is at it: nothing was done then
   * @throws the first failure, when all has been tried
   */
  async commitAll(): Promise<boolean> {
    const { pool, now } = this.parts;
    const failures: unknown[] = [];
    const done = await oneAtATime(pool, 'reminders due', async () => {
      for (let place: PendingPlace = placeAt('-infinity'); ;) {
        const due = await pendingReminders(pool, now(), place, pageSize);
        failures.push(...(await this.commit(due)));
        const last = due.at(-1);
        if (!last || due.length < pageSize) return;
        place = last;
      }
    });
    if (failures.length > 0) throw failures[0];
    return done;
  }

  /** @returns the failures */
  private async commit(due: readonly PendingReminder[]): Promise<unknown[]> {
    const users = new Map<string, string[]>();
    for (const { user_id, reminder_id } of due) users.set(user_id, [...(users.get(user_id) ?? []), reminder_id]);
    const tried = await Promise.allSettled([...users].map(([userId, ids]) => this.parts.firing.fire(userId, ids)));
    return tried.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  }
}
