import { exportedName, type ExportedTask } from '../exported-task.js';
import { ContentNames, instantText, oneLine, rejected, taskEntry, type ImportEntry } from '../import-entry.js';
import type { CsvDialect, CsvRow } from './read-csv.js';

/** How this program writes a task as a row: each column's name, and the text of its cell. */
export const ownColumns: Readonly<Record<string, (task: ExportedTask) => string>> = {
  id: ({ id }) => id,
  // Empty where the id says it all.
  source_id: (task) => (exportedName(task) === task.id ? '' : guarded(exportedName(task))),
  title: ({ title }) => guarded(title),
  description: ({ description }) => guarded(description),
  status: ({ status, completed_at }) => (status === 'done' && completed_at === null ? 'skipped' : status),
  priority: ({ priority }) => priority,
  tags: ({ tags }) => (tags.length === 0 ? '' : JSON.stringify(tags)),
  due_date: ({ due_date }) => due_date ?? '',
  time_zone: ({ time_zone, floating }) => (floating ? '' : time_zone),
  recurrence: ({ recurrence }) =>
    typeof recurrence === 'object' && recurrence ? JSON.stringify(recurrence) : (recurrence ?? ''),
  reminders: ({ reminders }) => (reminders.length === 0 ? '' : JSON.stringify(reminders)),
  created_at: ({ created_at }) => created_at,
  completed_at: ({ completed_at }) => completed_at ?? '',
};

/** This program's own export, which people also edit or make in a spreadsheet. */
export const ownDialect: CsvDialect = {
  name: "todo-chatbot's export",
  columns: ['id', 'title', 'status', 'due_date'],
  async *read(rows) {
    const names = new ContentNames();
    for await (const row of rows) yield row.kind === 'rejected' ? row : readRow(row, names);
  },
};

function readRow(row: CsvRow, names: ContentNames): ImportEntry {
  const cell = (column: string): string => row.cell(column).trim();
  const faults: string[] = [];
  const read = <T>(column: string, parse: (text: string) => T): T | null => {
    try {
      return cell(column) === '' ? null : parse(cell(column));
    } catch {
      faults.push(column);
      return null;
    }
  };
  const status = cell('status') === '' ? 'open' : cell('status');
  const draft = {
    title: oneLine(unguarded(row.cell('title'))),
    description: unguarded(row.cell('description')),
    priority: cell('priority') === '' ? 'none' : cell('priority'),
    tags: read('tags', tagsOf) ?? [],
    due_date: read('due_date', (text) => text),
    time_zone: read('time_zone', (text) => text),
    recurrence: read('recurrence', recurrenceOf),
    reminders: read('reminders', parseJson) ?? [],
    completed_at: read('completed_at', instantOf),
    created_at: read('created_at', instantOf),
  };
  if (!['open', 'done', 'skipped'].includes(status)) faults.push('status');
  if (faults.length > 0) {
    return rejected(row.line, 'invalid', `Not as this program writes it: the column ${faults.join(', ')}`);
  }
  const id = unguarded(cell('source_id')) || cell('id');
  const done = status === 'done';
  return taskEntry(
    row.line,
    { id: id === '' ? (fields) => `row-${names.next(fields)}` : id },
    {
      ...draft,
      status: status === 'open' ? 'open' : 'done',
      completed_at: done ? draft.completed_at : null,
      ...(status === 'skipped' && { skipped: true }),
    },
    done || draft.completed_at === null ? [] : ['completed_at'],
  );
}

function parseJson(text: string): unknown {
  return JSON.parse(text);
}

/** A JSON array, or what a person types: names with commas between. */
function tagsOf(text: string): unknown {
  if (text.startsWith('[')) return parseJson(text);
  return text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

/** A word, a JSON object, or a bare rule. */
function recurrenceOf(text: string): unknown {
  if (text.startsWith('{')) return parseJson(text);
  return text.includes('=') ? { rule: text } : text;
}

function instantOf(text: string): string {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const instant = isTime ? instantText(Date.parse(text)) : null;
  if (instant === null) throw new Error('not a time');
  return instant;
}

// A spreadsheet runs text that begins like a formula (CWE-1236). An apostrophe before it stops that. So that it is read
// back without doubt, text that has apostrophes before such a beginning gets one more.
const formula = /^'*[=+\-@\t＝＋－＠]/;
const guardedFormula = /^'+[=+\-@\t＝＋－＠]/;

function guarded(text: string): string {
  return formula.test(text) ? `'${text}` : text;
}

function unguarded(text: string): string {
  return guardedFormula.test(text) ? text.slice(1) : text;
}
