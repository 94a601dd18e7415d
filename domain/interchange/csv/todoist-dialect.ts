import { isTimeZone, localDateFault, toLocal } from '../../dates/local-date.js';
import type { Priority } from '../../task/task.js';
import {
  ContentNames,
  oneLine,
  taskEntry,
  type ImportEntry,
  type ImportOptions,
  type RejectedEntry,
} from '../import-entry.js';
import type { CsvDialect, CsvRow } from './read-csv.js';

/** Todoist's export of a project ("export as a template"), as its help page describes the columns. */
export const todoistDialect: CsvDialect = {
  name: "Todoist's export",
  columns: ['TYPE', 'CONTENT', 'PRIORITY', 'DATE'],
  read: readProject,
};

interface OpenTask {
  readonly row: CsvRow;
  readonly lost: string[];
}

async function* readProject(
  rows: AsyncIterable<CsvRow | RejectedEntry>,
  options: ImportOptions,
): AsyncGenerator<ImportEntry> {
  const names = new ContentNames();
  let section = '';
  // A comment stands in the rows below its task, so a task is told only when the next one begins.
  let task: OpenTask | null = null;
  for await (const row of rows) {
    if (row.kind === 'rejected') {
      yield row;
      continue;
    }
    switch (row.cell('TYPE').trim().toLowerCase()) {
      case 'task':
        if (task) yield readTask(task, names, options);
        task = { row, lost: section === '' ? [] : [`section: ${section}`] };
        break;
      case 'note':
        task?.lost.push(`comment: ${row.cell('CONTENT').trim()}`);
        break;
      case 'section':
        section = row.cell('CONTENT').trim();
    }
  }
  if (task) yield readTask(task, names, options);
}

/** 1 is Todoist's highest, which it calls urgent, and 4 is none. */
const priorities: Record<string, Priority> = { '1': 'urgent', '2': 'high', '3': 'medium', '4': 'none', '': 'none' };

function readTask({ row, lost }: OpenTask, names: ContentNames, { userZone }: ImportOptions): ImportEntry {
  const cell = (column: string): string => row.cell(column).trim();
  const { title, tags } = withoutLabels(oneLine(cell('CONTENT')));
  const date = cell('DATE');
  const due = date === '' ? null : readDate(date, cell('DATE_LANG'), cell('TIMEZONE'), userZone);
  if (date !== '' && !due) lost.push(`DATE: ${date}`);
  const priority = priorities[cell('PRIORITY')];
  if (priority === undefined) lost.push(`PRIORITY: ${cell('PRIORITY')}`);
  if (Number(cell('INDENT')) > 1) lost.push('INDENT: a subtask');
  lost.push(...['RESPONSIBLE', 'DURATION', 'DEADLINE'].filter((column) => cell(column) !== ''));

  // A row has no id, and one file is one project: all that was written tells the tasks of two projects apart.
  const name = names.next(['CONTENT', 'DESCRIPTION', 'PRIORITY', 'DATE'].map(cell));
  return taskEntry(
    row.line,
    { id: `todoist-${name}` },
    {
      title,
      description: row.cell('DESCRIPTION'),
      priority: priority ?? 'none',
      tags,
      due_date: due?.local ?? null,
      time_zone: due?.zone ?? null,
      status: 'open',
      completed_at: null,
      created_at: null,
    },
    lost,
  );
}

/** Todoist writes the labels into the text: `Buy milk @errands`. */
function withoutLabels(content: string): { title: string; tags: string[] } {
  const words = content.split(' ');
  const isLabel = (word: string): boolean => /^@[^@]+$/.test(word);
  const title = words
    .filter((word) => !isLabel(word))
    .join(' ')
    .trim();
  return title === ''
    ? { title: content, tags: [] }
    : { title, tags: words.filter(isLabel).map((word) => word.slice(1)) };
}

const isoDate = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z)?)?$/;
const dayFirst = /^(\d{1,2}) ([a-z]{3,9}) (\d{4})(?: (?:at )?(\d{1,2}:\d\d))?$/i;
const monthFirst = /^([a-z]{3,9}) (\d{1,2}),? (\d{4})(?: (?:at )?(\d{1,2}:\d\d))?$/i;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Reads the dates that need no knowledge of today: ISO 8601, and English ones with a year.
 * @returns null for any other, such as `every day`
 */
function readDate(
  text: string,
  language: string,
  timeZone: string,
  userZone: string,
): { local: string; zone: string | null } | null {
  const zone = isTimeZone(timeZone) ? timeZone : null;
  const [, date, time, utc] = isoDate.exec(text) ?? englishDate(text, language) ?? [];
  if (date === undefined) return null;
  const local = time === undefined ? date : `${date}T${time.replace(/^(..:..):00$/, '$1')}`;
  if (localDateFault(local) !== null) return null;
  if (utc !== undefined) return { local: toLocal(Date.parse(text), zone ?? userZone), zone };
  // A date without a time is the same day wherever the person is.
  return { local, zone: time === undefined ? null : zone };
}

/** The groups of {@link isoDate} for `2 Jan 2027 17:15` and `January 2, 2027`. */
function englishDate(text: string, language: string): [string, string, string | undefined] | null {
  if (language !== '' && !language.toLowerCase().startsWith('en')) return null;
  const [, first = '', second = '', year = '', time] = dayFirst.exec(text) ?? monthFirst.exec(text) ?? [];
  const [day, name] = /^\d/.test(first) ? [first, second] : [second, first];
  const month = months.indexOf(name.slice(0, 3).toLowerCase()) + 1;
  if (month === 0) return null;
  const date = [year, String(month).padStart(2, '0'), day.padStart(2, '0')].join('-');
  return [text, date, time?.padStart(5, '0')];
}
