// Generated from domain/events/schema.ts by `npm run types`; do not edit.

export type TaskEventData =
  | TASK_CREATED
  | TASK_UPDATED
  | TASK_COMPLETED
  | TASK_REOPENED
  | TASK_SKIPPED
  | TASK_DELETED
  | TASK_RECURRED
  | SERIES_ENDED
  | REMINDER_SCHEDULED
  | REMINDER_CANCELLED
  | REMINDER_DUE
  | REMINDER_DELIVERED;

export interface TASK_CREATED {
  event_id: string;
  type: 'TASK_CREATED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: null;
  after: Task;
}
export interface Task {
  id: string;
  user_id: string;
  title: string;
  description: string;
  status: 'open' | 'done';
  priority: 'none' | 'low' | 'medium' | 'high' | 'urgent';
  tags: string[];
  due_date: string | null;
  time_zone: string;
  recurrence:
    | null
    | ('daily' | 'weekly' | 'monthly' | 'yearly')
    | {
        rule: string;
        basis: 'due_date' | 'completion';
        catch_up: 'next' | 'all';
      };
  series_id: string | null;
  occurrence: number | null;
  occurrence_date: string | null;
  reminders: (
    | {
        before: string;
      }
    | {
        at: string;
      }
  )[];
  version: number;
  created_at: string;
  updated_at: string;
  completed_at: string | null;
}
export interface TASK_UPDATED {
  event_id: string;
  type: 'TASK_UPDATED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: Task;
  after: Task;
}
export interface TASK_COMPLETED {
  event_id: string;
  type: 'TASK_COMPLETED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: Task;
  after: Task;
}
export interface TASK_REOPENED {
  event_id: string;
  type: 'TASK_REOPENED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: Task;
  after: Task;
}
export interface TASK_SKIPPED {
  event_id: string;
  type: 'TASK_SKIPPED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: Task;
  after: Task;
}
export interface TASK_DELETED {
  event_id: string;
  type: 'TASK_DELETED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: Task;
  after: null;
}
export interface TASK_RECURRED {
  event_id: string;
  type: 'TASK_RECURRED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: null;
  after: Task | null;
  detail: TaskRecurredDetail;
}
export interface TaskRecurredDetail {
  series_id: string;
  occurrence: number;
  occurrence_date: string;
  previous_task_id: string;
}
export interface SERIES_ENDED {
  event_id: string;
  type: 'SERIES_ENDED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: null;
  after: Task | null;
  detail: SeriesEndedDetail;
}
export interface SeriesEndedDetail {
  series_id: string;
  occurrence: number;
}
export interface REMINDER_SCHEDULED {
  event_id: string;
  type: 'REMINDER_SCHEDULED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: null;
  after: Task | null;
  detail: ReminderDetail;
}
export interface ReminderDetail {
  reminder_id: string;
  occurrence: number | null;
  /**
   * The instant that the reminder comes to.
   */
  due_at: string;
  reminder:
    | {
        before: string;
      }
    | {
        at: string;
      };
}
export interface REMINDER_CANCELLED {
  event_id: string;
  type: 'REMINDER_CANCELLED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: null;
  after: Task | null;
  detail: ReminderDetail;
}
export interface REMINDER_DUE {
  event_id: string;
  type: 'REMINDER_DUE';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: null;
  after: Task | null;
  detail: ReminderDueDetail;
}
export interface ReminderDueDetail {
  reminder_id: string;
  occurrence: number | null;
  /**
   * The instant that the reminder comes to.
   */
  due_at: string;
  reminder:
    | {
        before: string;
      }
    | {
        at: string;
      };
  /**
   * How long after it was due; whole seconds.
   */
  late_by_seconds: number;
}
export interface REMINDER_DELIVERED {
  event_id: string;
  type: 'REMINDER_DELIVERED';
  user_id: string;
  task_id: string;
  /**
   * The user's own count, without gaps.
   */
  seq: number;
  /**
   * The task's version after the event.
   */
  version: number;
  timestamp: string;
  actor: 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';
  before: null;
  after: Task | null;
  detail: ReminderDeliveredDetail;
}
export interface ReminderDeliveredDetail {
  reminder_id: string;
  occurrence: number | null;
  /**
   * The instant that the reminder comes to.
   */
  due_at: string;
  reminder:
    | {
        before: string;
      }
    | {
        at: string;
      };
  channel: string;
  delivered_at: string;
  /**
   * How long after it was due; whole seconds.
   */
  late_by_seconds: number;
}
