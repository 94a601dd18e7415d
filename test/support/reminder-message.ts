import type { ReminderMessage } from '../../subscribers/notification/channels/channel.js';

/** A reminder as a channel gets it, with changed fields where a test needs them. */
export function someMessage(changed: Partial<ReminderMessage> = {}): ReminderMessage {
  return {
    id: '5f0c3a5e-8d1b-5b7c-9a3e-2f6d70c41b98',
    user_id: 'alice',
    reminder_id: '01930000-0000-5000-8000-00000000000a',
    task_id: '01930000-0000-7000-8000-000000000001',
    occurrence: null,
    due_at: '2026-11-30T07:45:00.000Z',
    late_by_seconds: 0,
    task: { title: 'Pay rent', due_date: '2026-11-30T09:00', time_zone: 'Europe/Berlin' },
    is_test: false,
    ...changed,
  };
}
