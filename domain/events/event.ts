import type { Task, TaskState } from '../task/task.js';
import type { TaskEventData } from './generated.js';

export type TaskEventType = TaskEventData['type'];

/** What a command decided, before it has a place in the user's order. Past tense; see `evolve`. */
export type TaskEvent =
  | { readonly type: 'TASK_CREATED'; readonly task: Omit<TaskState, 'version' | 'updated_at'> }
  | { readonly type: 'TASK_UPDATED'; readonly changes: TaskChanges }
  | { readonly type: 'TASK_COMPLETED' }
  | { readonly type: 'TASK_REOPENED' }
  | { readonly type: 'TASK_DELETED' };

/** The fields that an update changes, with their new values. */
export type TaskChanges = Partial<Omit<TaskState, 'id' | 'user_id' | 'version' | 'created_at' | 'updated_at'>>;

type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

/**
 * An event as it is committed and published: its place in the user's order and the task before and after it.
 * Generated from the JSON Schemas; `seq` is the user's own count, without gaps.
 */
export type CommittedEvent = Immutable<Pick<TaskEventData, keyof TaskEventData>>;

/** One entry of `/v1/changes` and one frame of `/v1/live`. */
export interface Change {
  readonly seq: number;
  readonly type: TaskEventType;
  readonly task_id: string;
  readonly timestamp: string;
  /** The task after the change, null once deleted. */
  readonly task: Task | null;
}

export function toChange(event: CommittedEvent): Change {
  const { seq, type, task_id, timestamp, after } = event;
  return { seq, type, task_id, timestamp, task: after };
}
