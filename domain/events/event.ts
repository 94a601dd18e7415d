import type { ActorKind } from '../task/commands.js';
import type { Task, TaskState } from '../task/task.js';

export const taskEventTypes = [
  'TASK_CREATED',
  'TASK_UPDATED',
  'TASK_COMPLETED',
  'TASK_REOPENED',
  'TASK_DELETED',
] as const;
export type TaskEventType = (typeof taskEventTypes)[number];

/** What a command decided, before it has a place in the user's order. Past tense; see `evolve`. */
export type TaskEvent =
  | { readonly type: 'TASK_CREATED'; readonly task: Omit<TaskState, 'version' | 'updated_at'> }
  | { readonly type: 'TASK_UPDATED'; readonly changes: TaskChanges }
  | { readonly type: 'TASK_COMPLETED' }
  | { readonly type: 'TASK_REOPENED' }
  | { readonly type: 'TASK_DELETED' };

/** The fields that an update changes, with their new values. */
export type TaskChanges = Partial<
  Omit<TaskState, 'id' | 'user_id' | 'version' | 'created_at' | 'updated_at'>
>;

/** An event as it is committed: its place in the user's order and the task before and after it. */
export interface CommittedEvent {
  readonly event_id: string;
  readonly type: TaskEventType;
  readonly user_id: string;
  readonly task_id: string;
  /** The user's own count, without gaps. */
  readonly seq: number;
  /** The task's version after the event. */
  readonly version: number;
  /** RFC 3339, UTC. */
  readonly timestamp: string;
  readonly actor: ActorKind;
  readonly before: Task | null;
  readonly after: Task | null;
}

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
