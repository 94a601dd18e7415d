import { expect } from 'chai';
import { readCsv } from '../../domain/interchange/csv/read-csv.js';
import { readCalendar } from '../../domain/interchange/icalendar/read-calendar.js';
import type { FileInput, ImportEntry, RejectedEntry, TaskEntry } from '../../domain/interchange/import-entry.js';

/** A file as it comes over a connection: in pieces that know nothing of lines or characters. */
export function inPieces(file: string | Uint8Array, size = 7): FileInput {
  const bytes = typeof file === 'string' ? Buffer.from(file, 'utf8') : file;
  const count = Math.ceil(bytes.length / size);
  return asynchronously(Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size)));
}

/** The same items, as they come from a file or a database; whoever leaves early ends the source. */
export async function* asynchronously<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

export function calendarEntries(
  file: string | Uint8Array | FileInput,
  userZone = 'Europe/Berlin',
): Promise<ImportEntry[]> {
  return collect(readCalendar(asInput(file), { userZone }));
}

export function csvEntries(file: string | Uint8Array | FileInput, userZone = 'Europe/Berlin'): Promise<ImportEntry[]> {
  return collect(readCsv(asInput(file), { userZone }));
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function asInput(file: string | Uint8Array | FileInput): FileInput {
  return typeof file === 'string' || file instanceof Uint8Array ? inPieces(file) : file;
}

/** The only entry of a file, which must be a task. */
export function onlyTask(entries: readonly ImportEntry[]): TaskEntry {
  expect(entries).to.have.length(1);
  return taskOf(entries[0]);
}

export function taskOf(entry: ImportEntry | undefined): TaskEntry {
  if (entry?.kind !== 'task') throw new Error(`no task: ${JSON.stringify(entry)}`);
  return entry;
}

export function rejectionOf(entry: ImportEntry | undefined): RejectedEntry {
  if (entry?.kind !== 'rejected') throw new Error(`not rejected: ${JSON.stringify(entry)}`);
  return entry;
}

/** A calendar of one VTODO with these lines. */
export function calendarOf(...lines: readonly string[]): string {
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...todo(...lines), 'END:VCALENDAR', ''].join('\r\n');
}

export function todo(...lines: readonly string[]): string[] {
  const all = lines.some((line) => line.startsWith('SUMMARY')) ? lines : ['SUMMARY:Test', ...lines];
  return ['BEGIN:VTODO', 'UID:test', ...all, 'END:VTODO'];
}

export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}
