import { isDeepStrictEqual } from 'node:util';
import { TodoError } from '../errors.js';
import type { TaskChanges, TaskEvent } from '../events/event.js';
import type { ImportedFields, TaskCommand, TaskFields } from './commands.js';
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
 * @throws TodoError `not_found`, `precondition_failed` or `conflict`
 */
export function decide(state: TaskState | null, command: TaskCommand, about: Circumstances): TaskEvent | null {
  switch (command.op) {
    case 'create':
      if (state) throw new TodoError('conflict', 'A task with this id exists.');
      return { type: 'TASK_CREATED', task: newTask(command.fields, about, null) };
    case 'import':
      return state ? reimport(state, command.fields, command.origin, about) : importNew(command, about);
    case 'update': {
      const task = existing(state, command.expected_versions);
      const changes = effective(task, withSeries(task, withZone(command.patch, about.userZone)));
      return changes ? { type: 'TASK_UPDATED', changes } : null;
    }
    case 'complete':
      return existing(state, command.expected_versions).status === 'done' ? null : { type: 'TASK_COMPLETED' };
    case 'reopen':
      return existing(state, command.expected_versions).status === 'open' ? null : { type: 'TASK_REOPENED' };
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
    ...(recurrence ? { series_id: about.taskId, occurrence: 1, occurrence_date: due_date } : noSeries),
    reminders,
    created_at: about.now,
    completed_at: null,
    origin,
    anchor: null,
  };
}

const noSeries = { series_id: null, occurrence: null, occurrence_date: null } as const;

function importNew(command: Extract<TaskCommand, { op: 'import' }>, about: Circumstances): TaskEvent {
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
    completed_at: fields.status === 'done' ? (fields.completed_at ?? about.now) : null,
  };
}

/** The same entry again changes nothing, even after the user edited the task; a changed entry changes the task. */
function reimport(state: TaskState, fields: ImportedFields, origin: Origin, about: Circumstances): TaskEvent | null {
  if (state.origin?.digest === origin.digest) return null;
  const { status, completed_at, created_at: _created, ...written } = fields;
  const life = status === state.status && completed_at === null ? {} : importedLife(fields, about);
  const wanted = { ...withSeries(state, withZone(written, about.userZone)), ...life };
  const changes = effective(state, wanted);
  return changes ? { type: 'TASK_UPDATED', changes: { ...changes, origin } } : null;
}

/** Resolves a zone that is null to the user's own. */
function withZone(patch: Partial<TaskFields>, userZone: string): TaskChanges {
  const { time_zone, ...rest } = patch;
  if (time_zone === undefined) return rest;
  return { ...rest, time_zone: time_zone ?? userZone, floating: time_zone === null };
}

/** A task that begins to recur starts a series; one that ceases leaves it. Moving the date moves this occurrence only. */
function withSeries(state: TaskState, changes: TaskChanges): TaskChanges {
  const recurrence = changes.recurrence === undefined ? state.recurrence : changes.recurrence;
  const due_date = changes.due_date === undefined ? state.due_date : changes.due_date;
  if (!recurrence) return state.series_id === null ? changes : { ...changes, ...noSeries };
  if (state.series_id === null) {
    return { ...changes, series_id: state.id, occurrence: 1, occurrence_date: due_date };
  }
  return state.occurrence_date === null ? { ...changes, occurrence_date: due_date } : changes;
}

/** Keeps what really changes; null when nothing does. */
function effective(state: TaskState, wanted: TaskChanges): TaskChanges | null {
  const changes = Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => !isDeepStrictEqual(value, state[key as keyof TaskState])),
  ) as TaskChanges;
  return Object.keys(changes).length > 0 ? changes : null;
}
