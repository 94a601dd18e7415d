import { isDeepStrictEqual } from 'node:util';
import { groupBy, isChange, type Content, type EventRow, type Json } from './checker.js';
import type { Command } from './load.js';
import { slotAfter, wallClock } from './series-slots.js';

export interface SeriesFigures {
  /** Occurrences that were completed, skipped or deleted, so that the next one had to come. */
  readonly followed: number;
  readonly successors: number;
  /** Series that ended, by their rule or by a client. */
  readonly ended: number;
}

/** An occurrence that was done with, so that another has to follow. */
interface Done {
  readonly event: EventRow;
  /** As it was; a deleted one as it was before. */
  readonly task: Json;
}

interface Series {
  /** All by the number of the occurrence. */
  readonly created: Map<number, EventRow[]>;
  readonly done: Map<number, Done[]>;
  readonly endings: Map<number, EventRow[]>;
  /** Whose deletion ended the series. */
  readonly endedByClient: Set<number>;
}

/** What is known of the series of one check. */
export interface SeriesFindings {
  readonly faults: readonly string[];
  readonly figures: SeriesFigures;
  /** Of each successor what it follows from, by its creation. */
  readonly bases: ReadonlyMap<EventRow, EventRow>;
}

/**
 * Each occurrence that was completed, skipped or deleted has exactly one successor, or one SERIES_ENDED, and that is the
 * right one; nothing else was made, and no series has still anything to do.
 */
export function checkSeries({ events, keys, steps }: Content, commands: readonly Command[]): SeriesFindings {
  const faults = steps.map((step) => `a series has still to take a step: ${JSON.stringify(step)}`);
  const ending = new Set(commands.filter((command) => command.endsSeries).map(({ key }) => key));
  const endingVersions = new Set(keys.filter(({ key }) => ending.has(key)).map(placeOf));
  const bases = new Map<EventRow, EventRow>();
  const figures = { followed: 0, successors: 0, ended: 0 };
  for (const own of groupBy(events, ({ user_id }) => user_id).values()) {
    const all = readSeries(own, (event) => endingVersions.has(placeOf(event)), faults);
    for (const [id, series] of all) {
      const occurrences = new Set([...series.created.keys(), ...series.done.keys(), ...series.endings.keys()]);
      figures.ended += series.endings.size;
      const [first, ...more] = series.created.get(1) ?? [];
      if (!first || more.length > 0) faults.push(`series ${id} began ${more.length + (first ? 1 : 0)} times`);
      if (!first) continue;
      for (const occurrence of occurrences) {
        faults.push(...checkStep(`series ${id}`, series, occurrence, first, bases));
        if (series.done.has(occurrence)) figures.followed += 1;
        if (occurrence === 1 || !series.created.has(occurrence)) continue;
        figures.successors += 1;
        if (!series.done.has(occurrence - 1)) {
          faults.push(`series ${id}: occurrence ${occurrence} follows one that was never done with`);
        }
      }
    }
  }
  return { faults, figures, bases };
}

/** Reads the history of a user. What stands where it must not is a fault. */
function readSeries(
  own: readonly EventRow[],
  endsSeries: (event: EventRow) => boolean,
  faults: string[],
): Map<string, Series> {
  const all = new Map<string, Series>();
  const seriesOf = (id: unknown): Series => {
    const known = all.get(String(id));
    if (known) return known;
    const made = { created: new Map(), done: new Map(), endings: new Map(), endedByClient: new Set<number>() };
    all.set(String(id), made);
    return made;
  };
  const last = new Map<string, Json | null>();
  for (const [place, event] of own.entries()) {
    const fault = (what: string) => faults.push(`${event.user_id} seq ${event.seq} (${event.type}): ${what}`);
    const before = last.get(event.task_id) ?? null;
    if (isChange(event)) last.set(event.task_id, event.task);
    if (event.actor === 'recurrence' && !bySeries.has(event.type)) fault('it was done by the recurrence');
    switch (event.type) {
      case 'TASK_CREATED': {
        const task = event.task ?? {};
        if (task['series_id'] === null) break;
        const occurrence = Number(task['occurrence']);
        push(seriesOf(task['series_id']).created, occurrence, event);
        const isSuccessor = occurrence > 1;
        if (isSuccessor !== (event.actor === 'recurrence')) fault(`occurrence ${occurrence} by ${event.actor}`);
        if (!isSuccessor) break;
        const next = own[place + 1];
        const said = {
          series_id: task['series_id'],
          occurrence,
          occurrence_date: task['occurrence_date'],
          previous_task_id: seriesOf(task['series_id']).created.get(occurrence - 1)?.[0]?.task_id,
        };
        if (next?.type !== 'TASK_RECURRED' || next.task_id !== event.task_id || !isDeepStrictEqual(next.detail, said)) {
          fault(`after it comes ${next?.type} with ${JSON.stringify(next?.detail)}`);
        }
        break;
      }
      case 'TASK_RECURRED': {
        const previous = own[place - 1];
        if (previous?.type !== 'TASK_CREATED' || previous.task_id !== event.task_id) fault('no successor was made');
        break;
      }
      case 'TASK_COMPLETED':
      case 'TASK_SKIPPED':
      case 'TASK_DELETED': {
        if (before?.['status'] !== 'open' || before['recurrence'] === null) break;
        const series = seriesOf(before['series_id']);
        const occurrence = Number(before['occurrence']);
        if (event.type === 'TASK_DELETED' && endsSeries(event)) series.endedByClient.add(occurrence);
        else push(series.done, occurrence, { event, task: event.task ?? before });
        break;
      }
      case 'SERIES_ENDED': {
        const { series_id, occurrence, ...more } = event.detail ?? {};
        if (Object.keys(more).length > 0) fault(`it says ${JSON.stringify(event.detail)}`);
        push(seriesOf(series_id).endings, Number(occurrence), event);
        break;
      }
    }
  }
  return all;
}

const bySeries = new Set(['TASK_CREATED', 'TASK_RECURRED', 'SERIES_ENDED', 'REMINDER_SCHEDULED']);

/** From one occurrence to the next. */
function checkStep(
  about: string,
  { created, done, endings, endedByClient }: Series,
  occurrence: number,
  first: EventRow,
  bases: Map<EventRow, EventRow>,
): string[] {
  const faults: string[] = [];
  const fault = (what: string) => faults.push(`${about}, occurrence ${occurrence}: ${what}`);
  const causes = done.get(occurrence) ?? [];
  const successors = created.get(occurrence + 1) ?? [];
  const ends = endings.get(occurrence) ?? [];
  if (successors.length > 1) fault(`${successors.length} occurrences follow it`);
  if (ends.length > 1) fault(`its series ended ${ends.length} times`);
  const [successor] = successors;
  const [end] = ends;
  if (endedByClient.has(occurrence) && !end) fault('it was deleted with its series, which did not end');
  if (causes.length === 0) {
    if (end && !endedByClient.has(occurrence)) fault('the series ended of itself');
    return faults;
  }
  if (!successor && !end) fault('it was done with, and nothing followed');
  if (successor && end && !endedByClient.has(occurrence)) fault('its series went on and ended');
  // A step is taken for what asked for it last.
  const cause = causes.findLast(({ event }) => event.seq < Number((successor ?? end)?.seq));
  if (!cause) {
    if (successor) fault('what follows it was there before it was done with');
    return faults;
  }
  const { task, event } = cause;
  const slot = slotAfter({
    recurrence: task['recurrence'],
    first: first.task?.['due_date'],
    occurrence,
    occurrenceDate: task['occurrence_date'],
    at: event.occurred_at,
  });
  if (!successor) {
    if (slot !== null && !endedByClient.has(occurrence)) fault('its series ended too early');
    return faults;
  }
  bases.set(successor, event);
  if (slot === null) fault('its series went on after its end');
  const made = successor.task ?? {};
  if (slot !== null && wallClock(made['occurrence_date']) !== slot) {
    fault(
      `${String(made['occurrence_date'])} follows ${String(task['occurrence_date'])}, done with at ${event.occurred_at.toISOString()}`,
    );
  }
  const expected = {
    ...task,
    id: made['id'],
    version: 1,
    status: 'open',
    completed_at: null,
    due_date: made['occurrence_date'],
    occurrence: occurrence + 1,
    occurrence_date: made['occurrence_date'],
    reminders: remindersOf(task).filter((reminder) => 'before' in reminder),
    created_at: successor.occurred_at.toISOString(),
    updated_at: successor.occurred_at.toISOString(),
  };
  if (!isDeepStrictEqual({ ...made }, expected)) {
    fault(`what follows is ${JSON.stringify(made)}, and not ${JSON.stringify(expected)}`);
  }
  return faults;
}

export const remindersOf = (task: Json | null): readonly Json[] => (task?.['reminders'] ?? []) as Json[];

function push<Item>(map: Map<number, Item[]>, occurrence: number, item: Item): void {
  const items = map.get(occurrence);
  if (items) items.push(item);
  else map.set(occurrence, [item]);
}

const placeOf = ({ user_id, task_id, version }: Pick<EventRow, 'user_id' | 'task_id' | 'version'>): string =>
  `${user_id} ${task_id} ${version}`;
