import {
  ContentNames,
  rejected,
  taskEntry,
  type FileInput,
  type ImportEntry,
  type ImportOptions,
} from '../import-entry.js';
import { readCalendarParts, type Todo } from './calendar-parts.js';
import { CalendarZones } from './calendar-zones.js';
import { first, parameter, parseComponent, parseTodo, valueOf, type Component } from './jcal.js';
import { readTodo } from './todo-draft.js';

/** Tasks that wait for a VTIMEZONE further down are kept up to this many bytes. */
const mostWaitingBytes = 4 * 1024 * 1024;

/** A field that is longer than any may be; what else is too long is merely lost. */
const neededWhole = ['SUMMARY', 'DESCRIPTION', 'CATEGORIES', 'RRULE', 'UID', 'DUE', 'DTSTART'];

/**
 * Reads the tasks (VTODO) of an iCalendar file, in memory that does not grow with the file.
 * @returns an entry for each task, event or whatever else stands in the file; a task whose zone is defined only
 *   after it comes when the calendar has ended
 * @throws TodoError `unreadable` when the file is no iCalendar at all
 */
export async function* readCalendar(input: FileInput, options: ImportOptions): AsyncGenerator<ImportEntry> {
  const zones = new CalendarZones();
  const names = new ContentNames();
  const waiting: Todo[] = [];
  let waitingBytes = 0;

  const entryOf = (part: Todo, todo = parsed(() => parseTodo(part.lines))): ImportEntry =>
    readEntry(part, todo, zones, names, options);

  function* release(): Generator<ImportEntry> {
    // Kept as text and read again: what ical.js makes of it is many times larger.
    for (const part of waiting) yield entryOf(part);
    waiting.length = 0;
    waitingBytes = 0;
  }

  for await (const part of readCalendarParts(input)) {
    switch (part.kind) {
      case 'rejected':
        yield part;
        break;
      case 'zone': {
        const zone = parsed(() => parseComponent(part.lines));
        if (!(zone instanceof Error)) zones.define(zone);
        break;
      }
      case 'todo': {
        const todo = parsed(() => parseTodo(part.lines));
        if (todo instanceof Error || !namesUnknownZone(todo, zones)) {
          yield entryOf(part, todo);
          break;
        }
        waiting.push(part);
        waitingBytes += part.bytes;
        if (waitingBytes > mostWaitingBytes) yield* release();
        break;
      }
      case 'end':
        yield* release();
    }
  }
}

/** ical.js throws for each line that is no content line; the line is told to the user. */
function parsed(parse: () => Component): Component | Error {
  try {
    return parse();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function namesUnknownZone(todo: Component, zones: CalendarZones): boolean {
  return todo[1].some((property) => {
    const tzid = parameter(property, 'tzid');
    return tzid !== null && zones.find(tzid) === null;
  });
}

function readEntry(
  part: Todo,
  todo: Component | Error,
  zones: CalendarZones,
  names: ContentNames,
  options: ImportOptions,
): ImportEntry {
  const { line, tooLong } = part;
  if (todo instanceof Error) return rejected(line, 'unreadable', todo.message);
  const needed = tooLong.find((name) => neededWhole.includes(name));
  if (needed !== undefined) return rejected(line, 'payload_too_large', `${needed} is too long`);
  const read = readTodo(todo, zones, options, line);
  if (read.kind === 'rejected') return read;

  const lost = [...read.lost, ...tooLong.filter((name) => !name.startsWith('X-'))];
  const uid = valueOf(first(todo, 'uid'));
  if (uid === '') return taskEntry(line, { id: (fields) => `ics-${names.next(fields)}` }, read.draft, lost);
  // An override of one occurrence has the UID of its series (RFC 5545 section 3.8.4.4), and is another task here.
  const occurrence = first(todo, 'recurrence-id');
  return taskEntry(line, { id: occurrence ? `${uid}/${valueOf(occurrence)}` : uid }, read.draft, lost);
}
