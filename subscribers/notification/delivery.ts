import type { ChannelName } from '../../domain/user/channels.js';
import { derivedId } from '../../domain/events/derived-id.js';
import type { RemindedTask, ReminderMessage } from './channels/channel.js';

/** A reminder that has come due. */
export interface DueReminder {
  readonly user_id: string;
  readonly reminder_id: string;
  readonly task_id: string;
  readonly occurrence: number | null;
  /** RFC 3339. */
  readonly due_at: string;
}

export interface DeliveryKey {
  readonly user_id: string;
  readonly reminder_id: string;
  readonly channel: ChannelName;
}

/** What tells a delivery from others, in one process. */
export function nameOfDelivery({ user_id, reminder_id, channel }: DeliveryKey): string {
  return `${user_id} ${reminder_id} ${channel}`;
}

/** How long a message may take, and how long nobody else sends it meanwhile. */
export const leaseMs = 60_000;
export const mostSendMs = 45_000;

/** The name of (task, occurrence, reminder, channel): what the receiver knows the same message by. */
export function deliveryId(reminderId: string, channel: ChannelName): string {
  return derivedId(reminderId, channel);
}

/** @param now epoch milliseconds */
export function messageOf(
  reminder: DueReminder,
  channel: ChannelName,
  task: RemindedTask | null,
  now: number,
): ReminderMessage {
  const { user_id, reminder_id, task_id, occurrence, due_at } = reminder;
  return {
    id: deliveryId(reminder_id, channel),
    user_id,
    reminder_id,
    task_id,
    occurrence,
    due_at,
    late_by_seconds: lateBySeconds(due_at, now),
    task: task ?? { title: '', due_date: null, time_zone: 'UTC' },
    is_test: false,
  };
}

export function lateBySeconds(dueAt: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(dueAt)) / 1000));
}
