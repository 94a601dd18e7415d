/** A task as clients see it; the field names and shapes are fixed by the public interface. */
export interface Task {
  readonly id: string;
  readonly user_id: string;
  readonly title: string;
  readonly description: string;
  readonly status: Status;
  readonly priority: Priority;
  readonly tags: readonly string[];
  /** A date `2026-11-30`, a local date-time `2026-11-30T09:00[:30]`, or null. */
  readonly due_date: string | null;
  /** IANA zone in which `due_date` and absolute reminders are wall time. */
  readonly time_zone: string;
  readonly recurrence: Recurrence | null;
  readonly series_id: string | null;
  readonly occurrence: number | null;
  /** The slot that the rule gave; `due_date` may have been moved away from it. */
  readonly occurrence_date: string | null;
  readonly reminders: readonly Reminder[];
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly completed_at: string | null;
}

export type Status = 'open' | 'done';

/** In rising order: the index is the rank that is stored and sorted by. */
export const priorities = ['none', 'low', 'medium', 'high', 'urgent'] as const;
export type Priority = (typeof priorities)[number];

export const recurrenceWords = ['daily', 'weekly', 'monthly', 'yearly'] as const;
export type RecurrenceWord = (typeof recurrenceWords)[number];

export type Recurrence = RecurrenceWord | RecurrenceRule;

export interface RecurrenceRule {
  /** RFC 5545 RRULE value, with RFC 7529 SKIP. */
  readonly rule: string;
  readonly basis: 'due_date' | 'completion';
  readonly catch_up: 'next' | 'all';
}

export type Reminder =
  /** An RFC 5545 / ISO 8601 duration before the due date. */
  | { readonly before: string }
  /** A local date-time in the task's zone. */
  | { readonly at: string };

/** Which other program's entry a task came from, so that the same file again changes nothing. */
export interface Origin {
  /** The entry's own id in its file (a VTODO's UID, a row's taskId). */
  readonly source_id: string;
  /** SHA-256 (hex) over the fields as they were read; the same digest again is the same entry. */
  readonly digest: string;
}

/** From where the slots of a series are counted, as long as its rule stays the same. */
export interface Anchor {
  /** The first slot of the rule: the due date when the recurrence was set or changed, as `due_date` is written. */
  readonly date: string;
  /** The number of that occurrence in the series. */
  readonly occurrence: number;
}

/** What the program keeps of a task: what clients see, and what they do not. */
export interface TaskState extends Task {
  /** True while `time_zone` is the user's own because none was named for this task. */
  readonly floating: boolean;
  readonly origin: Origin | null;
  /**
   * null of a task without a date, that never recurred, or whose recurrence was last set before there were anchors. One that
   * has ceased to recur keeps its last.
   */
  readonly anchor: Anchor | null;
}

/** Takes away what clients do not see. The members come in one order, so that the same task is the same text. */
export function toTask(state: TaskState): Task {
  return {
    id: state.id,
    user_id: state.user_id,
    title: state.title,
    description: state.description,
    status: state.status,
    priority: state.priority,
    tags: state.tags,
    due_date: state.due_date,
    time_zone: state.time_zone,
    recurrence: state.recurrence,
    series_id: state.series_id,
    occurrence: state.occurrence,
    occurrence_date: state.occurrence_date,
    reminders: state.reminders,
    version: state.version,
    created_at: state.created_at,
    updated_at: state.updated_at,
    completed_at: state.completed_at,
  };
}
