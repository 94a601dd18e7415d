import type { Origin, Priority, Recurrence, Reminder, Status, Task } from './task.js';

/** The fields a person writes. Every one is validated and normalised (`parse-fields.ts`) before a command is made. */
export interface TaskFields {
  readonly title: string;
  readonly description: string;
  readonly priority: Priority;
  readonly tags: readonly string[];
  readonly due_date: string | null;
  /** null: the user's own zone. */
  readonly time_zone: string | null;
  readonly recurrence: Recurrence | null;
  readonly reminders: readonly Reminder[];
}

/** A task as another program's file describes it. Times are RFC 3339 in UTC. */
export interface ImportedFields extends TaskFields {
  readonly status: Status;
  /** null: the file does not say. */
  readonly completed_at: string | null;
  /** It is done without having been completed. Absent otherwise, so that entries from before have the digest they had. */
  readonly skipped?: true;
  /** null: the file does not say. */
  readonly created_at: string | null;
}

/** Who speaks: the door a command came through, as it is written into the event. */
export type ActorKind = 'rest' | 'mcp' | 'recurrence' | 'reminder' | 'undo';

/** Imperatives. `expected_version` is the client's If-Match: null asks nothing, a list names the acceptable versions. */
export type ChangeCommand =
  | { readonly op: 'create'; readonly fields: TaskFields }
  | { readonly op: 'import'; readonly fields: ImportedFields; readonly origin: Origin }
  | { readonly op: 'update'; readonly patch: Partial<TaskFields>; readonly expected_versions: readonly number[] | null }
  | { readonly op: 'complete'; readonly expected_versions: readonly number[] | null }
  | { readonly op: 'reopen'; readonly expected_versions: readonly number[] | null }
  /** Moves a recurring task to its next slot without completing it. */
  | { readonly op: 'skip'; readonly expected_versions: readonly number[] | null }
  | {
      readonly op: 'delete';
      /** Of a recurring task: whether its series goes on. */
      readonly scope: 'this' | 'series';
      readonly expected_versions: readonly number[] | null;
    }
  /** The user has moved: a task that goes by the user's own zone goes by the new one. */
  | { readonly op: 'rezone' };

/** Takes the step that leads from an occurrence to the task which it is sent to; see `domain/recurrence/series.ts`. */
export interface RecurCommand {
  readonly op: 'recur';
  readonly series_id: string;
  /** Of the one before. */
  readonly occurrence: number;
  /** The one before, and its version by the event that asks for the step. */
  readonly task_id: string;
  readonly version: number;
  /** When that was: RFC 3339, UTC. */
  readonly at: string;
}

export type TaskCommand = ChangeCommand | RecurCommand;

export type TaskOp = TaskCommand['op'];

/** The message that a door sends to the Task actor. */
export interface CommandEnvelope {
  readonly command: TaskCommand;
  readonly actor: ActorKind;
  /** The client's name for this command; the same name again gets the first answer again. */
  readonly idempotency: { readonly key: string; readonly request_hash: string } | null;
}

/** The envelope on its way to the actor, named so that a turn that is repeated finds its own commit. */
export interface SentCommand extends CommandEnvelope {
  /** A UUID; becomes the id of the event. */
  readonly command_id: string;
  /** True when it was sent before and nobody knows what became of it. */
  readonly is_repeated?: boolean;
}

/** What the Task actor answers. */
export interface CommandResult {
  /** The task after the command; null once deleted. */
  readonly task: Task | null;
  readonly version: number;
  /** The user's seq of the event, null when the command changed nothing. */
  readonly seq: number | null;
  /** True when this is the stored answer to an earlier request of the same idempotency key. */
  readonly replayed: boolean;
}
