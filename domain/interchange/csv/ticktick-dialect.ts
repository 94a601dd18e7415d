import { isTimeZone, toLocal } from '../../dates/local-date.js';
import type { Priority, Recurrence, Reminder } from '../../task/task.js';
import { acceptRule, tidyRule } from '../foreign-rule.js';
import { instantText, oneLine, rejected, taskEntry, type ImportEntry, type ImportOptions } from '../import-entry.js';
import { relativeReminder, type TriggerBase } from '../reminder-trigger.js';
import type { CsvDialect, CsvRow } from './read-csv.js';

/** The backup of TickTick (and Dida365), whose layout is published nowhere; this is what versions 7.1 and 7.2 write. */
export const ticktickDialect: CsvDialect = {
  name: "TickTick's backup",
  columns: ['List Name', 'Title', 'Content', 'Due Date', 'Status', 'taskId'],
  async *read(rows, options) {
    for await (const row of rows) yield row.kind === 'rejected' ? row : readRow(row, options);
  },
};

const priorities: Record<string, Priority> = { '': 'none', '0': 'none', '1': 'low', '3': 'medium', '5': 'high' };

/** Columns that say something which a task here has no place for. */
const withoutPlace = ['Folder Name', 'List Name', 'Column Name', 'Order', 'parentId'];

function readRow(row: CsvRow, { userZone }: ImportOptions): ImportEntry {
  const cell = (column: string): string => row.cell(column).trim();
  const kind = cell('Kind').toUpperCase();
  if (kind === 'NOTE') return rejected(row.line, 'not_a_task', 'A note: only tasks are taken');

  const lost = withoutPlace.filter((column) => cell(column) !== '');
  const instant = (column: string): number | null => {
    const text = cell(column);
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/.test(text)
      ? Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
      : Number.NaN;
    if (text !== '' && Number.isNaN(time)) lost.push(`${column}: ${text}`);
    return Number.isNaN(time) ? null : time;
  };
  const iso = (column: string): string | null => {
    const time = instant(column);
    return time === null ? null : instantText(time);
  };

  const named = cell('Timezone');
  const zone = isTimeZone(named) ? named : null;
  if (named !== '' && zone === null) lost.push(`Timezone: ${named}`);
  const allDay = cell('Is All Day') === 'true';
  const local = (time: number | null): string | null => {
    if (time === null) return null;
    return allDay ? dayOf(time, zone, userZone) : toLocal(time, zone ?? userZone);
  };
  const start = local(instant('Start Date'));
  const ownDue = local(instant('Due Date'));
  const due = ownDue ?? start;
  if (start !== null && ownDue === null) lost.push('Start Date: taken as the due date');
  if (start !== null && start !== due) lost.push('Start Date');

  const recurrence = readRepeat(cell('Repeat'), lost);
  const reminders = readReminders(
    cell('Reminder'),
    { due, start, zone: zone ?? userZone, recurs: recurrence !== null },
    lost,
  );
  if (kind === 'CHECKLIST' || cell('Is Check list') === 'Y') lost.push('checklist: its items stay as text');
  const priority = priorities[cell('Priority')];
  if (priority === undefined) lost.push(`Priority: ${cell('Priority')}`);

  const status = cell('Status');
  // 1 is completed and 2 archived, which in practice is completed too; -1 is "won't do".
  const done = ['1', '2', '-1'].includes(status);
  if (!['', '0', '1', '2'].includes(status)) lost.push(status === '-1' ? "Status: won't do" : `Status: ${status}`);
  const completed = iso('Completed Time');
  if (!done && completed !== null) lost.push('Completed Time');

  const created = iso('Created Time');
  const taskId = cell('taskId');
  // A taskId is the row's number in its backup: in another one the same number may be another task's.
  return taskEntry(
    row.line,
    { id: taskId, key: `ticktick ${taskId} ${created ?? ''}` },
    {
      title: oneLine(cell('Title')),
      description: row.cell('Content'),
      priority: priority ?? 'none',
      tags: cell('Tags')
        .split(',')
        .map(oneLine)
        .filter((tag) => tag !== ''),
      due_date: due,
      time_zone: due === null || cell('Is Floating') === 'true' ? null : zone,
      recurrence,
      reminders,
      status: done ? 'done' : 'open',
      completed_at: done ? completed : null,
      created_at: created,
    },
    lost,
  );
}

/**
 * The day of an all-day date, which TickTick writes as the instant at which it begins. Where the row names no zone and
 * it is no midnight of the user's, it is the midnight of another zone: the nearest one, by which 11:00 UTC is that of
 * New Zealand (+13) and 10:00 that of Hawaii (-10).
 */
function dayOf(time: number, zone: string | null, userZone: string): string {
  const local = toLocal(time, zone ?? userZone);
  if (zone !== null || local.endsWith('T00:00')) return local.slice(0, 10);
  return toLocal(time + 13 * 3_600_000, 'UTC').slice(0, 10);
}

function readRepeat(text: string, lost: string[]): Recurrence | null {
  const rule = acceptRule(tidyRule(text), 'Repeat', lost);
  return rule === null ? null : { rule, basis: 'due_date', catch_up: 'next' };
}

function readReminders(text: string, base: TriggerBase, lost: string[]): Reminder[] {
  const triggers = text.split(/[,\n]/).map((trigger) => trigger.trim().replace(/^TRIGGER:/i, ''));
  return triggers
    .filter((trigger) => trigger !== '')
    .flatMap((trigger) => {
      const reminder = relativeReminder(trigger, 'start', base);
      if (!reminder) lost.push(`Reminder: ${trigger}`);
      return reminder ?? [];
    });
}
