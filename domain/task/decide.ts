import { isDeepStrictEqual } from 'node:util';
import { TodoError } from '../errors.js';
import type { TaskChanges, TaskEvent } from '../events/event.js';
import { recurrenceFault } from '../recurrence/recurrence-fault.js';
import { membershipOf, withMembership } from '../recurrence/series.js';
import type { ChangeCommand, ImportedFields, TaskFields } from './commands.js';
import type { Origin, TaskState } from './task.js';

/** What a decision may know besides the task and the command. */
export interface Circumstances {
  readonly userId: string;
  readonly taskId: string;
  /** The user's own zone, for a task that names none. */
  readonly userZone: string;
  /** RFC 3339, UTC. */
  readonly now: string;
}

/**
 * The rules of a task: what happens when `command` meets `state`. Pure.
 * @param state the task, null when there is none (never made, or deleted)
 * @returns the event that happens, or null when the command changes nothing
 * @throws TodoError `not_found`, `precondition_failed`, `conflict`, `not_recurring`, or `invalid` for a rule that never
 * matches
 */
export function decide(state: TaskState | null, command: ChangeCommand, about: Circumstances): TaskEvent | null {
  switch (command.op) {
    case 'create':
      if (state) throw new TodoError('conflict', 'A task with this id exists.');
      return { type: 'TASK_CREATED', task: recurringWell(newTask(command.fields, about, null)) };
    case 'import':
      return state ? reimport(state, command.fields, command.origin, about) : importNew(command, about);
    case 'update': {
      const task = existing(state, command.expected_versions);
      const changes = effective(task, withMembership(task, withZone(command.patch, about.userZone)));
      if (changes?.recurrence || changes?.anchor) recurringWell({ ...task, ...changes });
      return changes ? { type: 'TASK_UPDATED', changes } : null;
    }
    case 'complete':
      return existing(state, command.expected_versions).status === 'done' ? null : { type: 'TASK_COMPLETED' };
    case 'reopen':
      return existing(state, command.expected_versions).status === 'open' ? null : { type: 'TASK_REOPENED' };
    case 'skip': {
      const { status, recurrence } = existing(state, command.expected_versions);
      if (recurrence === null) {
        throw new TodoError(
          'not_recurring',
          'Only a task that recurs has a next slot to move to; complete or delete it.',
        );
      }
      return status === 'done' ? null : { type: 'TASK_SKIPPED' };
    }
    case 'rezone': {
      const { floating, time_zone } = existing(state, null);
      const isThere = !floating || time_zone === about.userZone;
      return isThere ? null : { type: 'TASK_UPDATED', changes: { time_zone: about.userZone } };
    }
    case 'delete':
      existing(state, command.expected_versions);
      return { type: 'TASK_DELETED' };
  }
}

function existing(state: TaskState | null, expectedVersions: readonly number[] | null): TaskState {
  if (!state) throw new TodoError('not_found', 'There is no such task.');
  if (expectedVersions && !expectedVersions.includes(state.version)) {
    throw new TodoError(
      'precondition_failed',
      `The task is at version ${state.version} now; read it again and decide anew.`,
    );
  }
  return state;
}

type NewTask = Extract<TaskEvent, { type: 'TASK_CREATED' }>['task'];

function newTask(fields: TaskFields, about: Circumstances, origin: Origin | null): NewTask {
  const { title, description, priority, tags, due_date, time_zone, recurrence, reminders } = fields;
  return {
    id: about.taskId,
    user_id: about.userId,
    title,
    description,
    status: 'open',
    priority,
    tags,
    due_date,
    time_zone: time_zone ?? about.userZone,
    floating: time_zone === null,
    recurrence,
    ...membershipOf(about.taskId, recurrence, due_date),
    reminders,
    created_at: about.now,
    completed_at: null,
    origin,
  };
}

/**
 * A task as it is, if its rule gives something from where it counts on. One that a file brings may have any rule: its series
 * ends with it then.
 * @throws TodoError `invalid`
 */
function recurringWell<T extends Pick<TaskState, 'recurrence' | 'anchor' | 'time_zone'>>(task: T): T {
  const { recurrence, anchor, time_zone } = task;
  const fault = recurrence && recurrenceFault(recurrence, anchor?.date ?? null, time_zone);
  if (fault !== null) throw TodoError.invalid('/recurrence/rule', fault);
  return task;
}

function importNew(command: Extract<ChangeCommand, { op: 'import' }>, about: Circumstances): TaskEvent {
  const { fields, origin } = command;
  const task = newTask(fields, about, origin);
  return {
    type: 'TASK_CREATED',
    task: { ...task, ...importedLife(fields, about), created_at: fields.created_at ?? about.now },
  };
}

function importedLife(fields: ImportedFields, about: Circumstances): Pick<TaskState, 'status' | 'completed_at'> {
  return {
    status: fields.status,
    completed_at: fields.status === 'done' && !fields.skipped ? (fields.completed_at ?? about.now) : null,
  };
}

/** The same entry again changes nothing, even after the user edited the task; a changed entry changes the task. */
function reimport(state: TaskState, fields: ImportedFields, origin: Origin, about: Circumstances): TaskEvent | null {
  if (state.origin?.digest === origin.digest) return null;
  const { status, completed_at, skipped: _skipped, created_at: _created, ...written } = fields;
  const life = status === state.status && completed_at === null ? {} : importedLife(fields, about);
  const wanted = { ...withMembership(state, withZone(written, about.userZone)), ...life };
  const changes = effective(state, wanted);
  return changes ? { type: 'TASK_UPDATED', changes: { ...changes, origin } } : null;
}

/** Resolves a zone that is null to the user's own. */
function withZone(patch: Partial<TaskFields>, userZone: string): TaskChanges {
  const { time_zone, ...rest } = patch;
  if (time_zone === undefined) return rest;
  return { ...rest, time_zone: time_zone ?? userZone, floating: time_zone === null };
}

/** Keeps what really changes; null when nothing does. */
function effective(state: TaskState, wanted: TaskChanges): TaskChanges | null {
  const changes = Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => !isDeepStrictEqual(value, state[key as keyof TaskState])),
  ) as TaskChanges;
  return Object.keys(changes).length > 0 ? changes : null;
}
