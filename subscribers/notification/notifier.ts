import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { chosenChannels } from '../../domain/user/channels.js';
import { quietUntil } from '../../domain/user/quiet-hours.js';
import { settingsOf, type UserSettings } from '../../domain/user/settings.js';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import { pauseAfter } from './back-off.js';
import type { Outcome, OutsideChannels, ReminderMessage } from './channels/channel.js';
import type { LogChannel } from './channels/log.js';
import { leaseMs, messageOf, mostSendMs, nameOfDelivery, type DueReminder } from './delivery.js';
import type { NotificationMetrics } from './metrics.js';
import type { Outcomes } from './outcomes.js';
import { Slots, type SlotLimits } from './slots.js';
import {
  claimDeliveries,
  insertDeliveries,
  type ClaimedDelivery,
  type EndedTry,
  type NewDelivery,
} from './sql/deliveries.js';
import { readUsers, turnOff } from './sql/users.js';

export const slotLimits: SlotLimits = {
  atOnce: 64,
  atOnceOfUser: 4,
  atOnceOfHost: 16,
  waiting: 1024,
  waitingOfUser: 16,
  waitingOfHost: 512,
};

/** So many lines of the log are written before others get a turn. */
const linesAtOnce = 500;
/** When a message that finds no room is looked at again, in milliseconds; up to twice as much at random. */
const noRoomPauseMs = 5_000;
/** What is under way at a stop has so long to end, in milliseconds. */
const longestStopMs = 2_000;

export interface NotifierOptions {
  readonly pool: Pool;
  readonly log: Logger;
  readonly metrics: NotificationMetrics;
  readonly logChannel: LogChannel;
  readonly channels: OutsideChannels;
  readonly outcomes: Outcomes;
  readonly now: () => number;
  readonly limits?: SlotLimits;
}

/** Brings reminders that came due to their users, by each channel that they chose. */
export class Notifier {
  private readonly slots: Slots;
  private readonly claiming: RepeatedTask;
  /** Handed to a channel, or waiting for it. */
  private readonly sending = new Set<string>();

  constructor(private readonly options: NotifierOptions) {
    this.slots = new Slots(options.limits ?? slotLimits, () => this.claiming.request());
    this.claiming = new RepeatedTask('taking notifications to send', options.log, () => this.claim());
  }

  /** Messages under way. */
  get atWork(): number {
    return this.slots.atWork;
  }

  /**
   * Makes the deliveries of reminders that came due, those that were made before left out. Resolves when they are durable;
   * they are sent then.
   */
  async take(due: readonly DueReminder[]): Promise<void> {
    if (due.length === 0) return;
    const { pool, now } = this.options;
    const settings = await this.settingsOfUsers(due);
    const at = now();
    const deliveries = due.flatMap((reminder): NewDelivery[] => {
      const own = settings.get(reminder.user_id) ?? settingsOf({});
      return chosenChannels(own.notifications.channels).map((channel) => {
        const { user_id, reminder_id } = reminder;
        // The log disturbs nobody, and is written by us.
        if (channel === 'log') {
          return { user_id, reminder_id, channel, attempts: 1, next_attempt_at: new Date(at + leaseMs) };
        }
        const quiet = quietUntil(own.quiet_hours, own.time_zone, at);
        return { user_id, reminder_id, channel, attempts: 0, next_attempt_at: new Date(quiet ?? at) };
      });
    });
    const made = await insertDeliveries(pool, deliveries, new Date(at));
    if (made.some(({ channel }) => channel !== 'log')) this.claiming.request();
    const logged = new Set(made.filter(({ channel }) => channel === 'log').map((key) => nameOf(key)));
    if (logged.size > 0) {
      void this.writeLines(due.filter((reminder) => logged.has(nameOf(reminder))).map((one) => this.lineOf(one)));
    }
  }

  /** Looks for what is to be sent. */
  look(): void {
    this.claiming.request();
  }

  /** Takes no more, and lets what is under way end, unless that takes long: its lease ends, and it is sent again. */
  async stop(): Promise<void> {
    await this.claiming.stop();
    const enough = new AbortController();
    const isLate = sleep(longestStopMs, undefined, { signal: enough.signal }).catch(() => undefined);
    await Promise.race([this.slots.stop(), isLate]);
    enough.abort();
  }

  private lineOf(reminder: DueReminder): ReminderMessage {
    return messageOf(reminder, 'log', null, this.options.now());
  }

  private async writeLines(lines: readonly ReminderMessage[]): Promise<void> {
    const { logChannel, outcomes, metrics, now } = this.options;
    for (let from = 0; from < lines.length; from += linesAtOnce) {
      if (from > 0) await nextTurn();
      const some = lines.slice(from, from + linesAtOnce);
      const delivered_at = new Date(now()).toISOString();
      for (const line of some) {
        logChannel(line);
        metrics.ended('log', 'delivered');
        metrics.late('log', line.late_by_seconds);
      }
      outcomes.noteDelivered(
        ...some.map(({ user_id, reminder_id }) => ({ user_id, reminder_id, channel: 'log' as const, delivered_at })),
      );
    }
  }

  private async settingsOfUsers(due: readonly DueReminder[]): Promise<Map<string, UserSettings>> {
    const ids = [...new Set(due.map(({ user_id }) => user_id))];
    const rows = await readUsers(this.options.pool, [ids]);
    return new Map(rows.map(({ user_id, time_zone, settings }) => [user_id, settingsOf({ ...settings, time_zone })]));
  }

  private async claim(): Promise<void> {
    const { pool, now, outcomes } = this.options;
    for (;;) {
      const limit = this.slots.room;
      if (limit <= 0) return;
      const at = now();
      const claimed = await claimDeliveries(pool, {
        at: new Date(at),
        leasedUntil: new Date(at + leaseMs),
        limit,
        busyUsers: this.slots.busyUsers,
      });
      const lines: ReminderMessage[] = [];
      const ended: EndedTry[] = [];
      for (const delivery of claimed) {
        // The clock was set, so that the lease was over before its time.
        if (this.sending.has(nameOfDelivery(delivery)) || outcomes.hasDelivered(delivery)) continue;
        const end = this.judge(delivery, at) ?? this.dispatch(delivery, at, lines);
        if (end) ended.push({ ...keyOf(delivery), ...end });
      }
      if (lines.length > 0) await this.writeLines(lines);
      outcomes.noteEnded(...ended);
      if (claimed.length < limit) return;
    }
  }

  /** @returns how the try ends before anything is sent; undefined when the message is to go out */
  private judge(delivery: ClaimedDelivery, at: number): TryEnd | undefined {
    const { channel, task_status } = delivery;
    const settings = settingsOfRow(delivery);
    if (channel === 'log') return undefined;
    if (!chosenChannels(settings.notifications.channels).includes(channel)) {
      return cancelled('the channel is turned off');
    }
    // Put off, or tried again, until there was nothing left to remind of.
    if (task_status !== 'open') return cancelled('the task is done or deleted');
    const quiet = quietUntil(settings.quiet_hours, settings.time_zone, at);
    return quiet === null ? undefined : later(quiet, null);
  }

  /** Sends a message, or has it sent. @returns how the try ends when it cannot be */
  private dispatch(delivery: ClaimedDelivery, at: number, lines: ReminderMessage[]): TryEnd | undefined {
    const { user_id, channel, title, due_date, task_zone } = delivery;
    const reminder = { ...delivery, due_at: delivery.due_at.toISOString() };
    if (channel === 'log') {
      lines.push(this.lineOf(reminder));
      return undefined;
    }
    const sender = this.options.channels[channel];
    if (!sender) {
      this.options.metrics.ended(channel, 'failed');
      return failed('this system is not set up for it');
    }
    const { channels } = settingsOfRow(delivery).notifications;
    const task = { title, due_date, time_zone: task_zone };
    const name = nameOfDelivery(delivery);
    this.sending.add(name);
    const isTaken = this.slots.offer({
      user: user_id,
      host: sender.hostOf(channels),
      run: async () => {
        // It waited for others, and its lease does not last for a try: it waits in the database.
        if (this.options.now() + mostSendMs > at + leaseMs) {
          this.sending.delete(name);
          this.options.outcomes.noteEnded({ ...keyOf(delivery), ...this.whenThereIsRoom() });
          return;
        }
        const message = messageOf(reminder, channel, task, this.options.now());
        await this.finish(delivery, await sender.send(message, channels, mostSendMs));
        this.sending.delete(name);
      },
      drop: () => this.options.outcomes.noteEnded({ ...keyOf(delivery), ...later(this.options.now(), null) }),
    });
    if (isTaken) return undefined;
    this.sending.delete(name);
    return this.whenThereIsRoom();
  }

  private whenThereIsRoom(): TryEnd {
    return later(this.options.now() + noRoomPauseMs * (1 + Math.random()), null);
  }

  private async finish(delivery: ClaimedDelivery, outcome: Outcome): Promise<void> {
    const { pool, log, outcomes, metrics, now } = this.options;
    const { user_id, reminder_id, channel, attempts, due_at } = delivery;
    const at = now();
    if (outcome.kind === 'sent') {
      metrics.ended(channel, 'delivered');
      metrics.late(channel, Math.max(0, (at - due_at.getTime()) / 1000));
      outcomes.noteDelivered({ user_id, reminder_id, channel, delivered_at: new Date(at).toISOString() });
      return;
    }
    if (outcome.kind === 'never' && outcome.isGone === true && channel === 'webhook') {
      await turnOff(pool, [user_id, channel]).catch((err: unknown) =>
        log.warn({ err }, 'a channel could not be turned off'),
      );
    }
    const pause = outcome.kind === 'again' ? pauseAfter(attempts, outcome.afterMs) : null;
    metrics.ended(channel, pause === null ? 'failed' : 'again');
    const end = pause === null ? failed(outcome.error) : { ...later(at + pause, outcome.error), counts: true };
    outcomes.noteEnded({ ...keyOf(delivery), ...end });
  }
}

type TryEnd = Pick<EndedTry, 'status' | 'next_attempt_at' | 'error' | 'counts'>;

const cancelled = (error: string): TryEnd => ({ status: 'cancelled', next_attempt_at: null, error, counts: false });
const failed = (error: string): TryEnd => ({ status: 'failed', next_attempt_at: null, error, counts: true });
const later = (at: number, error: string | null): TryEnd => ({
  status: 'pending',
  next_attempt_at: new Date(at),
  error,
  counts: false,
});

const nameOf = ({ user_id, reminder_id }: Pick<DueReminder, 'user_id' | 'reminder_id'>): string =>
  `${user_id} ${reminder_id}`;

const keyOf = ({ user_id, reminder_id, channel, attempts }: ClaimedDelivery) => ({
  user_id,
  reminder_id,
  channel,
  attempts,
});

const settingsOfRow = ({ settings, user_zone }: ClaimedDelivery): UserSettings =>
  settingsOf({ ...settings, time_zone: user_zone });
