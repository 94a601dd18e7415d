import { addDuration, durationFault, isTimeZone, localDateFault, toInstant } from '../../dates/local-date.js';
import type { Priority, Reminder } from '../../task/task.js';
import { instantText, oneLine, rejected, type Draft, type ImportOptions, type RejectedEntry } from '../import-entry.js';
import { readAlarm } from './alarms.js';
import { readMoment, type CalendarZones, type Moment } from './calendar-zones.js';
import { all, first, parameter, rawRule, valueOf, type Component, type Property } from './jcal.js';
import { readRecurrence } from './recurrence-properties.js';

/** X- names of this program's own, for what iCalendar has no word for. */
export const ownNames = {
  timeZone: 'x-todo-chatbot-time-zone',
  priority: 'x-todo-chatbot-priority',
  /** a parameter: the milliseconds of a time, which iCalendar has none of */
  milliseconds: 'x-todo-chatbot-ms',
  /** a parameter: the seconds were written although they are zero */
  seconds: 'x-todo-chatbot-seconds',
} as const;

export interface TodoDraft {
  readonly kind: 'draft';
  readonly draft: Draft;
  readonly lost: readonly string[];
}

/**
 * Reads the properties of a VTODO (RFC 5545 section 3.6.2) as a task's fields. What counts where programs differ is
 * written down in docs/decisions/0005-import-and-export.md.
 * @param line where the entry begins, for the answer
 */
export function readTodo(
  todo: Component,
  zones: CalendarZones,
  { userZone }: ImportOptions,
  line: number,
): TodoDraft | RejectedEntry {
  const lost: string[] = [];
  const dates = readDates(todo, zones, userZone, lost);
  const fault = dates.due === null ? null : localDateFault(dates.due);
  if (fault !== null) return rejected(line, 'invalid', `The due date ${fault}`);

  const zone = dates.timeZone ?? userZone;
  const recurrence = readRecurrence(todo, dates.due, lost);
  const base = { ...dates, zone, floating: dates.timeZone === null, recurs: recurrence !== null };
  const reminders = todo[2]
    .filter(([name]) => name === 'valarm')
    .map((alarm) => readAlarm(alarm, base, zones, lost))
    .filter((reminder): reminder is Reminder => reminder !== null);

  const instantOf = (name: string): string | null => readInstant(first(todo, name), zones, userZone, lost);
  const draft: Draft = {
    title: oneLine(valueOf(first(todo, 'summary'))),
    description: untrimmed(first(todo, 'description')),
    priority: readPriority(todo),
    tags: readTags(todo),
    due_date: secondsWritten(first(todo, 'due')) ? `${dates.due ?? ''}:00` : dates.due,
    time_zone: dates.timeZone,
    recurrence,
    reminders,
    ...readLife(todo, instantOf('completed'), lost),
    created_at: instantOf('created'),
  };
  return { kind: 'draft', draft, lost: [...lost, ...withoutPlace(todo)] };
}

interface Dates {
  due: string | null;
  start: string | null;
  timeZone: string | null;
}

/** DUE; or DTSTART with DURATION; or DTSTART alone, which is then the only date there is. */
function readDates(todo: Component, zones: CalendarZones, userZone: string, lost: string[]): Dates {
  const due = readMoment(first(todo, 'due'), zones);
  const start = readMoment(first(todo, 'dtstart'), zones);
  const duration = valueOf(first(todo, 'duration')).replace(/^\+/, '');
  if (duration !== '' && (due || !start || durationFault(duration) !== null)) lost.push('DURATION');

  let end: Moment | null = due ?? start;
  if (!due && start && localDateFault(start.local) === null) {
    if (duration !== '' && durationFault(duration) === null) {
      end = { ...start, local: addDuration(start.local, duration, start.zone ?? userZone) };
    } else {
      lost.push('DTSTART: taken as the due date');
    }
  }
  const sameZone = start?.zone === end?.zone;
  if (start && end && !(start.local === end.local && sameZone)) lost.push('DTSTART');
  lost.push(...(end?.lost ?? []));

  const named = valueOf(first(todo, ownNames.timeZone));
  // A DATE has no zone in iCalendar; a time says its own.
  const hasTime = end?.local.includes('T') ?? false;
  return {
    due: end?.local ?? null,
    start: start && sameZone && localDateFault(start.local) === null ? start.local : null,
    timeZone: hasTime ? (end?.zone ?? null) : isTimeZone(named) ? named : null,
  };
}

/** A point in time such as CREATED, which RFC 5545 has in UTC and some programs in the user's zone. */
function readInstant(property: Property | null, zones: CalendarZones, userZone: string, lost: string[]): string | null {
  const moment = readMoment(property, zones);
  if (!property || !moment) return null;
  const milliseconds = parameter(property, ownNames.milliseconds) ?? '';
  const extra = /^\d{3}$/.test(milliseconds) ? Number(milliseconds) : 0;
  const text =
    localDateFault(moment.local) === null
      ? instantText(toInstant(moment.local, moment.zone ?? userZone) + extra)
      : null;
  if (text === null) lost.push(`${property[0].toUpperCase()}: not a time`);
  return text;
}

function readLife(
  todo: Component,
  completed: string | null,
  lost: string[],
): Pick<Draft, 'status' | 'completed_at' | 'skipped'> {
  const status = valueOf(first(todo, 'status')).toUpperCase();
  const percent = Number(valueOf(first(todo, 'percent-complete')));
  // Without a STATUS, the other two marks of a completed task count (RFC 5545 sections 3.8.1.8, 3.8.2.1).
  const done =
    status === 'COMPLETED' || status === 'CANCELLED' || (status === '' && (completed !== null || percent === 100));
  // What was given up without having been completed is skipped.
  const skipped = status === 'CANCELLED' && completed === null;
  if (!skipped && !['', 'NEEDS-ACTION', 'COMPLETED'].includes(status)) lost.push(`STATUS:${status}`);
  if (percent > 0 && percent < 100 && !done) lost.push('PERCENT-COMPLETE');
  if (completed !== null && !done) lost.push('COMPLETED');
  return { status: done ? 'done' : 'open', completed_at: done ? completed : null, ...(skipped && { skipped: true }) };
}

/** RFC 5545 section 3.8.1.9: 1 to 4 high, 5 medium, 6 to 9 low. `urgent` is ours, and a 1 elsewhere. */
function readPriority(todo: Component): Priority {
  const number = Number(valueOf(first(todo, 'priority')));
  if (number === 1 && valueOf(first(todo, ownNames.priority)) === 'urgent') return 'urgent';
  if (number >= 1 && number <= 4) return 'high';
  if (number === 5) return 'medium';
  return number >= 6 && number <= 9 ? 'low' : 'none';
}

function readTags(todo: Component): string[] {
  return all(todo, 'categories')
    .flatMap(([, , , ...values]) => values)
    .map((value) => oneLine(String(value)))
    .filter((tag) => tag !== '');
}

function secondsWritten(due: Property | null): boolean {
  return due !== null && parameter(due, ownNames.seconds) !== null && /T..:..:00/.test(valueOf(due));
}

/** A description keeps its blanks. */
function untrimmed(property: Property | null): string {
  const value = property?.[3];
  return typeof value === 'string' ? value : '';
}

/** Properties that were read above. */
const read = [
  ...['summary', 'description', 'due', 'dtstart', 'duration', 'priority', 'status', 'completed'],
  ...['percent-complete', 'categories', 'created', 'uid', rawRule],
];
/** Properties that say nothing about the task: bookkeeping of the file, and whether a calendar shows it as busy. */
const meaningless = [
  'dtstamp',
  'last-modified',
  'last-mod',
  'sequence',
  'transp',
  'percent_complete',
  'prodid',
  'version',
];
const known = new Set([...read, ...meaningless]);

/** The names of the properties that a task here has no place for. */
function withoutPlace(todo: Component): string[] {
  const names = todo[1]
    .filter(
      (property) =>
        !known.has(property[0]) &&
        !property[0].startsWith('x-') &&
        property[3] !== undefined &&
        valueText(property[3]) !== '' &&
        !(property[0] === 'class' && valueOf(property).toUpperCase() === 'PUBLIC'),
    )
    .map(([name]) => name.toUpperCase());
  return all(todo, rawRule).length > 1 ? [...names, 'RRULE: only the first is kept'] : names;
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value.trim() : JSON.stringify(value);
}
