// Generated from domain/events/schema.ts by `npm run types`; do not edit.

export type TaskEventData = TASK_CREATED | TASK_UPDATED | TASK_COMPLETED | TASK_REOPENED | TASK_DELETED;

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
