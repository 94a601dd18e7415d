import type { Logger } from 'pino';
import type { ReminderMessage } from './channel.js';

/** A line of the program's log for each reminder. */
export type LogChannel = (message: ReminderMessage) => void;

/**
 * What it says names the reminder and no more: the title of a task is for the user, and logs are read and kept by others.
 * `delivery_id` tells a line that came twice. It is written whatever the level of the program's own messages is.
 */
export function logChannel(log: Logger): LogChannel {
  const lines = log.child({ channel: 'log' }, { level: 'info' });
  return ({ id, user_id, reminder_id, task_id, occurrence, due_at, late_by_seconds, is_test }) => {
    lines.info(
      {
        delivery_id: id,
        user_id,
        task_id,
        reminder_id,
        occurrence,
        due_at,
        late_by_seconds,
        ...(is_test && { is_test }),
      },
      'reminder',
    );
  };
}
