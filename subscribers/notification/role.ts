import type { CommittedEvent } from '../../domain/events/event.js';
import { reminderScheduleOf } from '../../domain/reminders/schedule-id.js';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import type { RoleContext, StartedRole } from '../../runtime/role.js';
import { emailChannel } from './channels/email.js';
import type { OutsideChannels } from './channels/channel.js';
import { logChannel } from './channels/log.js';
import { webPushChannel } from './channels/web-push.js';
import { webhookChannel } from './channels/webhook.js';
import type { DueReminder } from './delivery.js';
import { ScheduleFollowers } from './followers.js';
import { openNotificationKeys, type NotificationKeys } from './keys.js';
import { notificationMetrics } from './metrics.js';
import { Notifier } from './notifier.js';
import { Outcomes } from './outcomes.js';
import { createPoster, type Poster } from './outbound/post.js';
import { answerQuestions } from './questions.js';
import { dropSubscription } from './sql/users.js';
import { sweepLostReminders } from './sweep.js';
import { unsubscribeToken } from './unsubscribe.js';

/** How often what is to be sent is looked for, in milliseconds: what was put off, or left by a process that died. */
const lookEveryMs = 1_000;
/** How often reminders are looked for whose message was lost, in milliseconds. */
const sweepEveryMs = 10_000;

/** Sends reminders that came due, and tells the schedules of reminders what changed in them. */
export async function startNotification(context: RoleContext): Promise<StartedRole> {
  const { config, pool, dapr, clock, appDoor, log, metrics } = context;
  const now = (): number => clock.now().getTime();
  const keys = await openNotificationKeys(config.dataDir, config.notification);
  const poster = createPoster(config.notification);
  const channels = openChannels(context, keys, poster);
  const writeLine = logChannel(log);
  const outcomes = new Outcomes({
    pool,
    log,
    now,
    commit: (deliveries) => dapr.invoke('actors', 'reminders-delivered', { deliveries }),
  });
  const notifier = new Notifier({
    pool,
    log,
    metrics: notificationMetrics(metrics),
    logChannel: writeLine,
    channels,
    outcomes,
    now,
  });
  const followers = new ScheduleFollowers(log, (userId) => dapr.actors.call(reminderScheduleOf(userId), 'follow', {}));
  let isStopping = false;
  const sweep = new RepeatedTask('looking for lost reminders', log, () =>
    sweepLostReminders({ pool, now, take: (due) => notifier.take(due) }, () => !isStopping),
  );
  const timers = [setInterval(() => notifier.look(), lookEveryMs), setInterval(() => sweep.request(), sweepEveryMs)];

  appDoor.subscribe('notification', 'task-reminders', {
    async receive(events) {
      followers.note(events.filter(changesPlan).map(({ user_id }) => user_id));
      await notifier.take(events.flatMap(dueOf));
    },
    catchUp: () => sweep.request(),
  });
  answerQuestions({ appDoor, pool, log, keys, channels, logChannel: writeLine, now });

  return {
    async stop() {
      isStopping = true;
      for (const timer of timers) clearInterval(timer);
      await Promise.all([sweep.stop(), followers.stop(), notifier.stop()]);
      // What is still under way ends with that, and is tried again.
      await Promise.all([...Object.values(channels).map((channel) => channel.close()), poster.close()]);
      await outcomes.stop();
    },
  };
}

function openChannels(
  { config, pool }: Pick<RoleContext, 'config' | 'pool'>,
  keys: NotificationKeys,
  poster: Poster,
): OutsideChannels {
  const { smtpUrl, mailFrom = '', publicUrl = '', vapidSubject } = config.notification;
  const unsubscribeUrl = (userId: string, address: string): string =>
    `${publicUrl}/unsubscribe?token=${unsubscribeToken(keys.links, userId, address)}`;
  return {
    webhook: webhookChannel(poster),
    web_push: webPushChannel({
      poster,
      keys: keys.vapid,
      subject: vapidSubject,
      onGone: async (userId, endpoint) => {
        await dropSubscription(pool, [userId, endpoint]);
      },
    }),
    ...(smtpUrl !== undefined && { email: emailChannel({ smtpUrl, from: mailFrom, unsubscribeUrl }) }),
  };
}

const changesPlan = ({ type }: CommittedEvent): boolean =>
  type === 'REMINDER_SCHEDULED' || type === 'REMINDER_CANCELLED';

function dueOf({ type, user_id, task_id, detail }: CommittedEvent): DueReminder[] {
  if (type !== 'REMINDER_DUE' || !detail || !('due_at' in detail)) return [];
  const { reminder_id, occurrence, due_at } = detail;
  return [{ user_id, reminder_id, task_id, occurrence, due_at }];
}
