import type { Task, TaskState } from '../task/task.js';
import type { TaskEventData } from './generated.js';

export type TaskEventType = TaskEventData['type'];
type FactData = Extract<TaskEventData, { detail: object }>;
/** Those types that change no task: they have a place in the user's order, but leave the task's version as it is. */
export type FactType = FactData['type'];
/** Those types that change a task. */
export type ChangeType = Exclude<TaskEventType, FactType>;
/** What a fact of this type says besides the task. */
export type DetailOf<Type extends FactType> = Immutable<Extract<FactData, { type: Type }>['detail']>;
export type FactDetail = DetailOf<FactType>;

/** What a command decided, before it has a place in the user's order. Past tense; see `evolve`. */
export type TaskEvent =
  | { readonly type: 'TASK_CREATED'; readonly task: Omit<TaskState, 'version' | 'updated_at'> }
  | { readonly type: 'TASK_UPDATED'; readonly changes: TaskChanges }
  | { readonly type: 'TASK_COMPLETED' }
  | { readonly type: 'TASK_REOPENED' }
  /** A recurring task is done with, without having been completed. */
  | { readonly type: 'TASK_SKIPPED' }
  | { readonly type: 'TASK_DELETED' };

/** The fields that an update changes, with their new values. */
export type TaskChanges = Partial<Omit<TaskState, 'id' | 'user_id' | 'version' | 'created_at' | 'updated_at'>>;

/** A fact that is to be committed: about which task, whoever commits it says. */
export type NewFact = {
  readonly [Type in FactType]: {
    readonly type: Type;
    /** Derived from what the fact is about (`derived-id.ts`): the same fact again has the same, and is left out. */
    readonly event_id: string;
    readonly detail: DetailOf<Type>;
  };
}[FactType];

type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

/**
 * An event as it is committed and published: its place in the user's order and the task before and after it.
 * Generated from the JSON Schemas; `seq` is the user's own count, without gaps.
 */
export type CommittedEvent = Immutable<Pick<TaskEventData, keyof TaskEventData>> & {
  /** Of a fact, and of nothing else. `version` and `after` are those of the task as it stands then. */
  readonly detail?: FactDetail;
};

/** One entry of `/v1/changes` and one frame of `/v1/live`. */
export interface Change {
  readonly seq: number;
  readonly type: TaskEventType;
  readonly task_id: string;
  readonly timestamp: string;
  /** The task after the change, null once deleted. */
  readonly task: Task | null;
  /** Of a fact. */
  readonly detail?: FactDetail;
}

export function toChange(event: CommittedEvent): Change {
  const { seq, type, task_id, timestamp, after, detail } = event;
  return { seq, type, task_id, timestamp, task: after, ...(detail && { detail }) };
}
