import { Counter, Histogram, type Registry } from 'prom-client';
import type { ChannelName } from '../../domain/user/channels.js';

export interface NotificationMetrics {
  ended(channel: ChannelName, how: 'delivered' | 'again' | 'failed'): void;
  late(channel: ChannelName, seconds: number): void;
}

export function notificationMetrics(registry: Registry): NotificationMetrics {
  const tries = new Counter({
    name: 'todo_notifications_total',
    help: 'Tries to send a reminder, by how they ended: delivered, again (tried once more later), failed (given up).',
    labelNames: ['channel', 'outcome'],
    registers: [registry],
  });
  const lateness = new Histogram({
    name: 'todo_notification_lateness_seconds',
    help: 'How long after they were due reminders were handed to the channel.',
    labelNames: ['channel'],
    buckets: [0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 3600, 86_400],
    registers: [registry],
  });
  return {
    ended: (channel, outcome) => tries.inc({ channel, outcome }),
    late: (channel, seconds) => lateness.observe({ channel }, seconds),
  };
}
