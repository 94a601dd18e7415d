import { expect } from 'chai';
import { csvEntries, failureOf, rejectionOf, taskOf } from '../support/interchange.js';
import type { TaskEntry } from '../../domain/interchange/import-entry.js';

const ticktickColumns = [
  ...['Folder Name', 'List Name', 'Title', 'Kind', 'Tags', 'Content', 'Is Check list', 'Start Date', 'Due Date'],
  ...['Reminder', 'Repeat', 'Priority', 'Status', 'Created Time', 'Completed Time', 'Order', 'Timezone'],
  ...['Is All Day', 'Is Floating', 'Column Name', 'Column Order', 'View Mode', 'taskId', 'parentId', 'projectKind'],
];
const todoistColumns = [
  ...['TYPE', 'CONTENT', 'DESCRIPTION', 'IS_COLLAPSED', 'PRIORITY', 'INDENT', 'AUTHOR', 'RESPONSIBLE', 'DATE'],
  ...['DATE_LANG', 'TIMEZONE', 'DURATION', 'DURATION_UNIT', 'DEADLINE', 'DEADLINE_LANG'],
];

type Cells = Record<string, string>;

function csv(columns: readonly string[], rows: readonly Cells[], delimiter = ',', end = '\n'): string {
  const quote = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ''))];
  return lines.map((cells) => cells.map(quote).join(delimiter) + end).join('');
}

const ticktick = (cells: Cells): string =>
  '\ufeff"Date: 2026-06-15+0000"\n"Version: 7.2"\n"Status: \n0 Normal\n1 Completed\n2 Archived"\n' +
  csv(ticktickColumns, [{ Title: 'Test', Status: '0', taskId: '1', ...cells }]);
const todoist = (...rows: Cells[]): string =>
  csv(
    todoistColumns,
    rows.map((row) => ({ TYPE: 'task', PRIORITY: '4', ...row })),
  );

async function only(file: string, zone?: string): Promise<TaskEntry> {
  const entries = await csvEntries(file, zone);
  expect(entries).to.have.length(1);
  return taskOf(entries[0]);
}

describe("reading TickTick's backup", () => {
  it("turns its instants into wall time of the row's zone", async () => {
    const { fields } = await only(
      ticktick({ 'Due Date': '2026-07-01T16:30:00+0000', Timezone: 'America/New_York', 'Is All Day': 'false' }),
    );
    expect(fields).to.include({ due_date: '2026-07-01T12:30', time_zone: 'America/New_York' });
  });

  it('takes an all-day date as the day in its zone', async () => {
    const { fields } = await only(
      ticktick({ 'Due Date': '2026-07-01T22:00:00+0000', Timezone: 'Europe/Berlin', 'Is All Day': 'true' }),
    );
    expect(fields).to.include({ due_date: '2026-07-02', time_zone: 'Europe/Berlin' });
  });

  it('without a zone takes the day that begins at that instant somewhere', async () => {
    const days = { '22:00': '2026-07-02', '11:00': '2026-07-02', '10:00': '2026-07-01', '00:00': '2026-07-01' };
    for (const [time, day] of Object.entries(days)) {
      const row = ticktick({ 'Due Date': `2026-07-01T${time}:00+0000`, 'Is All Day': 'true' });
      expect((await only(row, 'UTC')).fields.due_date, time).to.equal(day);
    }
  });

  it('lets a floating date move with the user', async () => {
    const { fields } = await only(
      ticktick({ 'Due Date': '2026-07-01T16:30:00+0000', Timezone: 'Europe/Berlin', 'Is Floating': 'true' }),
    );
    expect(fields).to.include({ due_date: '2026-07-01T18:30', time_zone: null });
  });

  it('takes a start for the due date when there is no other, and loses one that differs', async () => {
    const start = { 'Start Date': '2026-07-01T16:30:00+0000', Timezone: 'UTC' };
    const alone = await only(ticktick(start));
    expect(alone.fields.due_date).to.equal('2026-07-01T16:30');
    expect(alone.lost).to.deep.equal(['Start Date: taken as the due date']);
    const both = await only(ticktick({ ...start, 'Due Date': '2026-07-02T16:30:00+0000' }));
    expect(both.fields.due_date).to.equal('2026-07-02T16:30');
    expect(both.lost).to.deep.equal(['Start Date']);
  });

  it('knows its priorities and states', async () => {
    for (const [number, priority] of Object.entries({ '0': 'none', '1': 'low', '3': 'medium', '5': 'high' })) {
      expect((await only(ticktick({ Priority: number }))).fields.priority).to.equal(priority);
    }
    const completed = { 'Completed Time': '2026-07-01T16:30:00+0200' };
    for (const status of ['1', '2']) {
      const { fields, lost } = await only(ticktick({ Status: status, ...completed }));
      expect(fields).to.include({ status: 'done', completed_at: '2026-07-01T14:30:00.000Z' });
      expect(lost).to.deep.equal([]);
    }
    const abandoned = await only(ticktick({ Status: '-1' }));
    expect(abandoned.fields.status).to.equal('done');
    expect(abandoned.lost).to.deep.equal(["Status: won't do"]);
    const open = await only(ticktick({ Status: '0', ...completed }));
    expect(open.fields).to.include({ status: 'open', completed_at: null });
    expect(open.lost).to.deep.equal(['Completed Time']);
  });

  it('reads repeats and reminders', async () => {
    const due = { 'Due Date': '2026-07-01T16:30:00+0000', Timezone: 'UTC' };
    const { fields } = await only(
      ticktick({ ...due, Repeat: 'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO', Reminder: 'TRIGGER:-PT30M,TRIGGER:PT0S' }),
    );
    expect(fields.recurrence).to.deep.equal({
      rule: 'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO',
      basis: 'due_date',
      catch_up: 'next',
    });
    expect(fields.reminders).to.deep.equal([{ before: 'PT30M' }, { before: 'PT0S' }]);
    const day = { 'Due Date': '2026-07-01T00:00:00+0000', Timezone: 'UTC', 'Is All Day': 'true' };
    expect((await only(ticktick({ ...day, Reminder: '-PT1440M,TRIGGER:P0DT9H0M0S' }))).fields.reminders).to.deep.equal([
      { before: 'PT1440M' },
      { at: '2026-07-01T09:00' },
    ]);
    const odd = await only(ticktick({ ...due, Repeat: 'RRULE:FREQ=DAILY;TT_SKIP=HOLIDAY', Reminder: 'soon' }));
    expect(odd.fields).to.deep.include({ recurrence: null, reminders: [] });
    expect(odd.lost).to.deep.equal([
      'Repeat: "TT_SKIP=HOLIDAY" is not a part of an RRULE (RFC 5545 section 3.3.10)',
      'Reminder: soon',
    ]);
  });

  it('says what has no place, and takes a note for no task', async () => {
    const { lost, fields } = await only(
      ticktick({
        ...{ 'Folder Name': 'Work', 'List Name': 'Alpha', 'Column Name': 'Doing', Order: '-1', parentId: '7' },
        ...{ Kind: 'CHECKLIST', Content: '▫milk\n▪eggs', Priority: '9', 'Due Date': 'tomorrow', Timezone: 'Mars/X' },
      }),
    );
    expect(fields.description).to.equal('▫milk\n▪eggs');
    expect(lost).to.deep.equal([
      ...['Folder Name', 'List Name', 'Column Name', 'Order', 'parentId', 'Timezone: Mars/X', 'Due Date: tomorrow'],
      ...['checklist: its items stay as text', 'Priority: 9'],
    ]);
    expect(rejectionOf((await csvEntries(ticktick({ Kind: 'NOTE' })))[0])).to.include({ code: 'not_a_task', line: 8 });
  });

  it('does not take a task of another backup for the same one because it has the same number', async () => {
    const one = await only(ticktick({ 'Created Time': '2026-01-01T00:00:00+0000' }));
    const again = await only(ticktick({ 'Created Time': '2026-01-01T00:00:00+0000', Title: 'Changed' }));
    const other = await only(ticktick({ 'Created Time': '2026-01-02T00:00:00+0000' }));
    expect(again.task_id).to.equal(one.task_id);
    expect(other.task_id).to.not.equal(one.task_id);
    expect([one.source_id, other.source_id]).to.deep.equal(['1', '1']);
  });
});

describe("reading Todoist's export", () => {
  it('reads priorities, labels, notes and dates', async () => {
    const { fields, lost } = await only(
      todoist({
        ...{ CONTENT: 'Buy milk @errands for a@b.c @home', DESCRIPTION: 'two\nlines', PRIORITY: '1' },
        ...{ DATE: '2026-05-06 14:00', DATE_LANG: 'en', TIMEZONE: 'Europe/Prague' },
      }),
    );
    expect(fields).to.deep.include({
      title: 'Buy milk for a@b.c',
      description: 'two\nlines',
      priority: 'urgent',
      tags: ['errands', 'home'],
      due_date: '2026-05-06T14:00',
      time_zone: 'Europe/Prague',
      status: 'open',
    });
    expect(lost).to.deep.equal([]);
  });

  it('knows the dates that need no knowledge of today, and names the others', async () => {
    const dates: Record<string, string> = {
      '2026-05-06': '2026-05-06',
      '2026-05-06T14:00:30': '2026-05-06T14:00:30',
      '2 Jan 2027': '2027-01-02',
      '2 January 2027 9:15': '2027-01-02T09:15',
      'Jan 2, 2027': '2027-01-02',
      'September 15 2026 at 16:00': '2026-09-15T16:00',
    };
    for (const [DATE, due] of Object.entries(dates)) {
      const { fields, lost } = await only(todoist({ CONTENT: 'x', DATE }));
      expect(fields.due_date, DATE).to.equal(due);
      expect(lost).to.deep.equal([]);
    }
    const day = await only(todoist({ CONTENT: 'x', DATE: '2026-05-06', TIMEZONE: 'Europe/Prague' }));
    expect(day.fields.time_zone).to.equal(null);
    const utc = await only(todoist({ CONTENT: 'x', DATE: '2026-05-06T14:00:00.000000Z', TIMEZONE: 'Europe/Prague' }));
    expect(utc.fields).to.include({ due_date: '2026-05-06T16:00', time_zone: 'Europe/Prague' });
    for (const DATE of ['every day', 'tomorrow', '10 Apr 17:15', '31 Feb 2027', '2 Xyz 2027', 'jeden Mo']) {
      const { fields, lost } = await only(todoist({ CONTENT: 'x', DATE }));
      expect(fields.due_date).to.equal(null);
      expect(lost).to.deep.equal([`DATE: ${DATE}`]);
    }
    expect((await only(todoist({ CONTENT: 'x', DATE: '2 Jan 2027', DATE_LANG: 'de' }))).lost).to.deep.equal([
      'DATE: 2 Jan 2027',
    ]);
  });

  it('takes 2, 3 and 4 as high, medium and none', async () => {
    for (const [PRIORITY, priority] of Object.entries({ '2': 'high', '3': 'medium', '4': 'none', '': 'none' })) {
      expect((await only(todoist({ CONTENT: 'x', PRIORITY }))).fields.priority).to.equal(priority);
    }
  });

  it('tells sections, comments and subtasks as lost, and passes over the rows between', async () => {
    const entries = await csvEntries(
      todoist(
        { TYPE: 'meta', CONTENT: 'view_style=list', PRIORITY: '' },
        { CONTENT: 'first' },
        { TYPE: 'note', CONTENT: 'a comment', PRIORITY: '' },
        { TYPE: '', PRIORITY: '' },
        { TYPE: 'section', CONTENT: 'Kitchen', PRIORITY: '' },
        { CONTENT: 'second', INDENT: '2', RESPONSIBLE: 'Ann (1)', DURATION: '30', DEADLINE: '2026-01-01' },
      ),
    );
    expect(entries.map((entry) => [entry.line, taskOf(entry).fields.title, taskOf(entry).lost])).to.deep.equal([
      [3, 'first', ['comment: a comment']],
      [7, 'second', ['section: Kitchen', 'INDENT: a subtask', 'RESPONSIBLE', 'DURATION', 'DEADLINE']],
    ]);
  });

  it('gives a row the same name in every import, and equal rows two', async () => {
    const file = todoist({ CONTENT: 'x' }, { CONTENT: 'x' }, { CONTENT: 'y' });
    const ids = (await csvEntries(file)).map((entry) => taskOf(entry).task_id);
    expect(new Set(ids).size).to.equal(3);
    const later = await csvEntries(todoist({ CONTENT: 'new' }, { CONTENT: 'x' }, { CONTENT: 'y' }, { CONTENT: 'x' }));
    expect(later.map((entry) => taskOf(entry).task_id).slice(1)).to.have.members(ids);
  });
});

describe('reading our own CSV', () => {
  const columns = ['id', 'title', 'status', 'due_date', 'tags', 'recurrence', 'reminders', 'priority', 'created_at'];
  const own = (...rows: Cells[]): string => csv(columns, rows);

  it('takes what a person types into a spreadsheet', async () => {
    const { fields } = await only(
      own({ title: 'x', due_date: '2026-05-06', tags: 'home, work', recurrence: 'FREQ=DAILY', priority: 'high' }),
    );
    expect(fields).to.deep.include({
      status: 'open',
      tags: ['home', 'work'],
      recurrence: { rule: 'FREQ=DAILY', basis: 'due_date', catch_up: 'next' },
    });
  });

  it('rejects a cell that it would not have written, by the name of its column', async () => {
    const rows: [Cells, RegExp][] = [
      [{ title: '' }, /title/],
      [{ title: 'x', status: 'open', priority: 'highest' }, /priority/],
      [{ title: 'x', status: 'finished' }, /status/],
      [{ title: 'x', due_date: '2026-02-30' }, /due_date/],
      [{ title: 'x', tags: '["a"' }, /tags/],
      [{ title: 'x', tags: '[1]' }, /tags/],
      [{ title: 'x', recurrence: '{"rule":"FREQ=DAILY","x":1}' }, /recurrence/],
      [{ title: 'x', recurrence: 'sometimes' }, /recurrence/],
      [{ title: 'x', reminders: '[{"before":"soon"}]' }, /reminders/],
      [{ title: 'x', created_at: 'yesterday' }, /created_at/],
      [{ title: 'x', created_at: '0000-01-01T00:00:00Z' }, /created_at/],
    ];
    const entries = await csvEntries(own(...rows.map(([cells]) => ({ id: '1', status: 'open', ...cells }))));
    for (const [index, [, column]] of rows.entries()) {
      const entry = rejectionOf(entries[index]);
      expect(entry).to.include({ code: 'invalid', line: index + 2 });
      expect(entry.detail).to.match(column);
    }
  });

  it('understands a semicolon or a tab between cells, as spreadsheets of some languages write', async () => {
    for (const delimiter of [';', '\t']) {
      const [entry] = await csvEntries(csv(columns, [{ title: 'a, b; c', status: 'done' }], delimiter, '\r\n'));
      expect(taskOf(entry).fields).to.include({ title: 'a, b; c', status: 'done' });
    }
  });
});

describe('reading any CSV file', () => {
  it('refuses a header that it does not know, and names those that it does', async () => {
    for (const file of ['', '\n\n', 'a,b\n1,2\n', 'Title,Due\nx,y', '"unclosed', 'x\n'.repeat(1000)]) {
      const error = await failureOf(csvEntries(file));
      expect(error).to.include({ code: 'invalid' });
      expect(String(error)).to.match(/TickTick.*List Name.*Todoist.*CONTENT.*todo-chatbot.*due_date/);
    }
  });

  it('gives no entry for a header alone', async () => {
    expect(await csvEntries(csv(todoistColumns, []))).to.deep.equal([]);
  });
});
