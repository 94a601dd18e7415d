import { isDeepStrictEqual } from 'node:util';
import { derivedId } from '../events/derived-id.js';
import type { NewFact, TaskChanges, TaskEvent, TaskEventType } from '../events/event.js';
import type { ActorKind } from '../task/commands.js';
import type { Consequences, Happening } from '../task/consequences.js';
import type { Anchor, Recurrence, Task, TaskState } from '../task/task.js';
import { countsFromItsEnd, nextSlot, type NextSlot } from './next-slot.js';

/** What a task is in its series. */
export type Membership = Pick<TaskState, 'series_id' | 'occurrence' | 'occurrence_date' | 'anchor'>;

const noSeries: Membership = { series_id: null, occurrence: null, occurrence_date: null, anchor: null };

/** The first task of a series, or of none. */
export function membershipOf(seriesId: string, recurrence: Recurrence | null, dueDate: string | null): Membership {
  if (recurrence === null) return noSeries;
  return { series_id: seriesId, occurrence: 1, occurrence_date: dueDate, anchor: anchorAt(dueDate, 1) };
}

/**
 * Adds to the changes of a task what they mean for its place in a series. Moving the due date moves this occurrence only; a
 * rule that changes holds from this occurrence on, counted from its due date.
 */
export function withMembership(state: TaskState, changes: TaskChanges): TaskChanges {
  const recurrence = changes.recurrence === undefined ? state.recurrence : changes.recurrence;
  const dueDate = changes.due_date === undefined ? state.due_date : changes.due_date;
  const { series_id, occurrence, occurrence_date } = state;
  if (recurrence === null) return series_id === null ? changes : { ...changes, ...noSeries, anchor: state.anchor };
  if (series_id === null || occurrence === null) {
    // The anchor of an earlier series is kept as its mark: the names of its occurrences are not those of another's.
    const seriesId = state.anchor === null ? state.id : derivedId(state.id, 'series', state.version + 1);
    return { ...changes, ...membershipOf(seriesId, recurrence, dueDate) };
  }
  if (occurrence_date !== null && !countsAnew(state.recurrence, recurrence)) return changes;
  const slot = dueDate ?? occurrence_date;
  return { ...changes, occurrence_date: slot, anchor: anchorAt(slot, occurrence) };
}

function anchorAt(date: string | null, occurrence: number): Anchor | null {
  return date === null ? null : { date, occurrence };
}

/** Whether slots of the one are none of the other: catching up is about which of them are taken. */
function countsAnew(before: Recurrence | null, after: Recurrence): boolean {
  const counted = (recurrence: Recurrence | null): unknown =>
    recurrence !== null && typeof recurrence === 'object' ? [recurrence.rule, recurrence.basis] : recurrence;
  return !isDeepStrictEqual(counted(before), counted(after));
}

/** The id of an occurrence: whatever makes it again finds its own name taken. */
export function occurrenceId(seriesId: string, occurrence: number): string {
  return derivedId(seriesId, occurrence);
}

/**
 * The task that follows an occurrence: its fields as they were then, without what was said of that one moment only.
 * @param task the occurrence
 * @param userZone the user's own zone, which holds for a task that names none
 * @param now RFC 3339, UTC
 */
export function successorOf(
  task: TaskState,
  { slot, anchor }: NextSlot,
  userZone: string,
  now: string,
): Omit<TaskState, 'version' | 'updated_at'> {
  const { version: _version, updated_at: _updatedAt, ...fields } = task;
  const seriesId = task.series_id ?? task.id;
  const occurrence = (task.occurrence ?? 1) + 1;
  return {
    ...fields,
    id: occurrenceId(seriesId, occurrence),
    status: 'open',
    due_date: slot.local,
    time_zone: task.floating ? userZone : task.time_zone,
    series_id: seriesId,
    occurrence,
    occurrence_date: slot.local,
    anchor,
    reminders: task.reminders.filter((reminder) => 'before' in reminder),
    created_at: now,
    completed_at: null,
    origin: null,
  };
}

/** What a series has still to do about one of its occurrences, and what is there of the next one. */
export interface StepAhead {
  /** The occurrence as the event left it that asks for the step; a deleted one as it was before. */
  readonly task: TaskState;
  /** What was done with it was undone. */
  readonly isOpenAgain: boolean;
  /** When that was: RFC 3339, UTC. */
  readonly at: string;
  /** The last event of the next occurrence; null when there never was one. */
  readonly successor: { readonly version: number; readonly type: TaskEventType; readonly actor: ActorKind } | null;
}

/**
 * The rules of a step: what happens to the next occurrence. Pure.
 * @param userZone the user's own zone
 * @param now RFC 3339, UTC
 * @returns the event that happens to it, null when it stays as it is, `ended` when there is none to come
 */
export function takeStep(step: StepAhead, userZone: string, now: string): TaskEvent | 'ended' | null {
  const { task, successor } = step;
  if (step.isOpenAgain) {
    const isUntouched = successor?.type === 'TASK_CREATED' && successor.actor === 'recurrence';
    return isUntouched ? { type: 'TASK_DELETED' } : null;
  }
  // Its name is taken, even by one that was deleted, unless that was done by undoing what it follows from.
  if (successor && !(successor.type === 'TASK_DELETED' && successor.actor === 'undo')) return null;
  const next = nextSlot(task, Date.parse(step.at), userZone);
  return next ? { type: 'TASK_CREATED', task: successorOf(task, next, userZone, now) } : 'ended';
}

/** Whether {@link takeStep} turns on the zone that the user has chosen. */
export function stepReliesOnUserZone({ task, isOpenAgain }: StepAhead): boolean {
  return !isOpenAgain && (task.floating || countsFromItsEnd(task));
}

/** What happened to a task, as far as its series has to know. */
interface Change {
  readonly type: TaskEventType;
  readonly actor: ActorKind;
  readonly before: Task | null;
  readonly after: Task | null;
}

/**
 * The occurrence that a change has brought to its end, so that the next one has to be made; or opened again by undoing that,
 * so that the next one has to go. null: the series has nothing to do.
 */
export function occurrenceToFollow({ type, actor, before, after }: Change): Place | null {
  switch (type) {
    case 'TASK_COMPLETED':
    case 'TASK_SKIPPED':
    case 'TASK_DELETED':
      return before?.status === 'open' ? placeOf(before) : null;
    case 'TASK_REOPENED':
    case 'TASK_CREATED':
      return actor === 'undo' && after?.status === 'open' ? placeOf(after) : null;
    default:
      return null;
  }
}

interface Place {
  readonly series_id: string;
  readonly occurrence: number;
}

function placeOf({ recurrence, series_id, occurrence }: Task): Place | null {
  return recurrence !== null && series_id !== null && occurrence !== null ? { series_id, occurrence } : null;
}

/** What a change of a task means for its series: the step it has to take or takes, and the facts; null: nothing. Pure. */
export function seriesConsequences(happening: Happening): Consequences | null {
  const { command, actor, event, before, after } = happening;
  if (command.op === 'recur') {
    const { series_id, occurrence, version, task_id } = command;
    const facts = after ? [recurredFact(after, command, task_id)] : [];
    return { facts, step: { kind: 'taken', series_id, occurrence, version } };
  }
  if (before && endsSeries(happening, before)) {
    const place = placeOf(before);
    return place && { facts: [endedFact(place)], step: null };
  }
  const place = occurrenceToFollow({ type: event.type, actor, before, after });
  return place && { facts: [], step: { kind: 'made', ...place } };
}

function endsSeries({ command, event }: Happening, before: TaskState): boolean {
  if (before.status !== 'open') return false;
  if (event.type === 'TASK_DELETED') return command.op === 'delete' && command.scope === 'series';
  return event.type === 'TASK_UPDATED' && event.changes.recurrence === null;
}

/** @param task the successor; one that is made again, after an undo, recurs again */
function recurredFact(task: TaskState, place: Place, previousTaskId: string): NewFact {
  const { series_id } = place;
  const occurrence = place.occurrence + 1;
  const again = task.version === 1 ? [] : [task.version];
  return {
    type: 'TASK_RECURRED',
    event_id: derivedId(series_id, occurrence, 'recurred', ...again),
    detail: { series_id, occurrence, occurrence_date: task.occurrence_date ?? '', previous_task_id: previousTaskId },
  };
}

/** The fact that no occurrence follows. */
export function endedFact(place: Place): NewFact {
  const { series_id, occurrence } = place;
  return {
    type: 'SERIES_ENDED',
    event_id: derivedId(series_id, occurrence, 'ended'),
    detail: { series_id, occurrence },
  };
}
