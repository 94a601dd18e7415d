import type { ChannelName, Channels } from '../../../domain/user/channels.js';

/** What a reminder tells, whatever channel it goes by. */
export interface ReminderMessage {
  /** Derived from the reminder and the channel: the same message again has the same. */
  readonly id: string;
  readonly user_id: string;
  readonly reminder_id: string;
  readonly task_id: string;
  readonly occurrence: number | null;
  /** RFC 3339. */
  readonly due_at: string;
  readonly late_by_seconds: number;
  readonly task: RemindedTask;
  /** True when the user only tries the channel. */
  readonly is_test: boolean;
}

/** The task as it is when the message goes out. */
export interface RemindedTask {
  readonly title: string;
  readonly due_date: string | null;
  readonly time_zone: string;
}

/** What became of a message. Errors are for the user: they name no secret, and no address that the user did not give. */
export type Outcome =
  | { readonly kind: 'sent' }
  /** @property afterMs not before then, if the receiver says so */
  | { readonly kind: 'again'; readonly error: string; readonly afterMs?: number }
  /** @property isGone the receiver wants no more of them: the channel is to be turned off */
  | { readonly kind: 'never'; readonly error: string; readonly isGone?: boolean };

export const sent: Outcome = { kind: 'sent' };

/** A way to a receiver outside; the log is none. */
export interface Channel {
  /** What it shares with the messages of others, and may be slow or away: a host. */
  hostOf(channels: Channels): string;
  /**
   * Sends a message; never rejects.
   * @param timeoutMs it is over by then, whatever the receiver does
   */
  send(message: ReminderMessage, channels: Channels, timeoutMs: number): Promise<Outcome>;
  close(): Promise<void>;
}

/** The channels outside that this system can use. */
export type OutsideChannels = Readonly<Partial<Record<Exclude<ChannelName, 'log'>, Channel>>>;
