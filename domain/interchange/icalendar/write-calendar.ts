import { isDateOnly } from '../../dates/local-date.js';
import type { Priority } from '../../task/task.js';
import { exportedName, type ExportedTask } from '../exported-task.js';
import { alarmOf } from './alarms.js';
import { formatComponent, type Component, type Property } from './jcal.js';
import { recurrenceProperties } from './recurrence-properties.js';
import { ownNames } from './todo-draft.js';
import { zoneComponent } from './vtimezone.js';

const productId = '-//todo-chatbot//todo-chatbot//EN';

/**
 * Writes tasks as an iCalendar file (RFC 5545) that {@link readCalendar} reads back to the same fields. What iCalendar
 * cannot say stands in X-TODO-CHATBOT- properties and parameters.
 * @returns the file in pieces, a task a piece
 */
export async function* writeCalendar(tasks: AsyncIterable<ExportedTask>): AsyncGenerator<string> {
  yield `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:${productId}\r\nCALSCALE:GREGORIAN\r\n`;
  const zones = new Set<string>();
  for await (const task of tasks) {
    const zone = tzidOf(task);
    const known = zone === null || zones.has(zone);
    if (!known) zones.add(zone);
    yield (known ? '' : formatComponent(zoneComponent(zone))) + formatComponent(todoOf(task));
  }
  yield 'END:VCALENDAR\r\n';
}

/** The zone that a VTIMEZONE must describe; null where the date is all-day, floating or in UTC. */
function tzidOf({ due_date, time_zone, floating }: ExportedTask): string | null {
  return due_date === null || isDateOnly(due_date) || floating || time_zone === 'UTC' ? null : time_zone;
}

function todoOf(task: ExportedTask): Component {
  const properties: Property[] = [
    ['uid', {}, 'text', exportedName(task)],
    ['dtstamp', {}, 'date-time', wholeSecond(task.updated_at)],
    instantProperty('created', task.created_at),
    ['last-modified', {}, 'date-time', wholeSecond(task.updated_at)],
    ['summary', {}, 'text', task.title],
    ...(task.description === '' ? [] : [textProperty('description', task.description)]),
    ...dateProperties(task),
    ...(task.recurrence ? recurrenceProperties(task.recurrence, task.due_date) : []),
    ...priorityProperties[task.priority],
    ...tagProperties(task.tags),
    ['status', {}, 'text', statusOf(task)],
    ...(task.completed_at === null ? [] : [instantProperty('completed', task.completed_at)]),
  ];
  const alarms = task.reminders.map((reminder) => alarmOf(reminder, task.title, task.time_zone, task.floating));
  return ['vtodo', properties, alarms];
}

/** One that was skipped is done, and was never completed (RFC 5545 section 3.8.1.11). */
function statusOf({ status, completed_at }: ExportedTask): string {
  if (status === 'open') return 'NEEDS-ACTION';
  return completed_at === null ? 'CANCELLED' : 'COMPLETED';
}

function textProperty(name: string, text: string): Property {
  return [name, {}, 'text', text];
}

function instantProperty(name: string, instant: string): Property {
  const milliseconds = new Date(instant).toISOString().slice(20, 23);
  const parameters = milliseconds === '000' ? {} : { [ownNames.milliseconds]: milliseconds };
  return [name, parameters, 'date-time', wholeSecond(instant)];
}

function wholeSecond(instant: string): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

function dateProperties(task: ExportedTask): Property[] {
  const { due_date, time_zone, floating, recurrence } = task;
  const zoneProperty: Property[] = floating ? [] : [[ownNames.timeZone, {}, 'unknown', time_zone]];
  if (due_date === null) return zoneProperty;
  if (isDateOnly(due_date)) return [...dates({}, 'date', due_date, recurrence !== null), ...zoneProperty];

  const tzid = tzidOf(task);
  const utc = !floating && tzid === null;
  const local = `${due_date.length === 16 ? `${due_date}:00` : due_date}${utc ? 'Z' : ''}`;
  const seconds = /T..:..:00$/.test(due_date) ? { [ownNames.seconds]: 'yes' } : {};
  return dates({ ...(tzid === null ? {} : { tzid }), ...seconds }, 'date-time', local, recurrence !== null);
}

/** A VTODO that recurs needs a start (RFC 5545 section 3.8.2.4); like Apple's, it starts when it is due. */
function dates(parameters: Property[1], type: string, local: string, recurs: boolean): Property[] {
  const due: Property = ['due', parameters, type, local];
  return recurs ? [['dtstart', parameters, type, local], due] : [due];
}

const priorityProperties: Record<Priority, Property[]> = {
  none: [],
  low: [['priority', {}, 'integer', 9]],
  medium: [['priority', {}, 'integer', 5]],
  high: [['priority', {}, 'integer', 1]],
  urgent: [
    ['priority', {}, 'integer', 1],
    [ownNames.priority, {}, 'unknown', 'urgent'],
  ],
};

function tagProperties(tags: readonly string[]): Property[] {
  if (tags.length === 0) return [];
  // ical.js takes the comma after a tag that ends in a backslash for an escaped one.
  if (tags.some((tag) => tag.endsWith('\\'))) return tags.map((tag) => textProperty('categories', tag));
  return [['categories', {}, 'text', ...tags]];
}
