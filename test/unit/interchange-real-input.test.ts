import { createReadStream, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { ImportedFields } from '../../domain/task/commands.js';
import { calendarEntries, csvEntries, onlyTask, taskOf } from '../support/interchange.js';

// Beside the checkout; not part of it, as its licences are others.
const realInput = fileURLToPath(new URL('../../../../shared/real-input/', import.meta.url));

type Expected = Partial<ImportedFields> & Pick<ImportedFields, 'title'>;

/** What each file does not say. */
const unsaid: Omit<ImportedFields, 'title' | 'created_at'> = {
  description: '',
  priority: 'none',
  tags: [],
  due_date: null,
  time_zone: null,
  recurrence: null,
  reminders: [],
  status: 'open',
  completed_at: null,
};

const vtodos: Record<string, Expected & { created_at: string }> = {
  'apple/basic_completed.ics': {
    title: 'Test',
    status: 'done',
    completed_at: '2018-04-17T18:43:02.000Z',
    created_at: '2018-04-17T18:43:00.000Z',
  },
  'apple/basic_due_date.ics': {
    title: 'Test title',
    due_date: '2018-04-16T18:00',
    time_zone: 'America/Chicago',
    reminders: [{ at: '2018-04-16T18:00' }],
    created_at: '2018-04-16T22:26:50.000Z',
  },
  'apple/basic_no_due_date.ics': {
    title: 'Test title',
    description: 'Test description',
    created_at: '2018-04-16T22:24:10.000Z',
  },
  'apple/date_time_reminder.ics': {
    title: 'Test',
    due_date: '2022-01-18T23:00',
    time_zone: 'America/Chicago',
    reminders: [{ at: '2022-01-18T23:00' }],
    created_at: '2022-01-19T04:50:03.000Z',
  },
  'apple/priority_high.ics': { title: 'Test', priority: 'high', created_at: '2018-04-17T15:43:47.000Z' },
  'apple/priority_low.ics': { title: 'Test', priority: 'low', created_at: '2018-04-17T15:43:47.000Z' },
  'apple/priority_medium.ics': { title: 'Test', priority: 'medium', created_at: '2018-04-17T15:43:47.000Z' },
  'apple/priority_none.ics': { title: 'Test', priority: 'none', created_at: '2018-04-17T15:43:47.000Z' },
  'apple/repeat_daily.ics': {
    title: 'Test daily',
    due_date: '2018-04-17T14:00',
    time_zone: 'America/Chicago',
    recurrence: { rule: 'FREQ=DAILY', basis: 'due_date', catch_up: 'next' },
    reminders: [{ at: '2018-04-17T14:00' }],
    created_at: '2018-04-17T18:51:49.000Z',
  },
  'nextcloud/all_day_task.ics': {
    title: 'All day task',
    due_date: '2021-02-01',
    created_at: '2021-01-27T18:51:22.000Z',
  },
  'nextcloud/basic_due_date.ics': {
    title: 'Test title',
    description: 'Test description',
    due_date: '2018-04-17T17:00',
    created_at: '2018-04-17T14:32:03.000Z',
  },
  'nextcloud/basic_no_due_date.ics': {
    title: 'Test title',
    description: 'Test description',
    created_at: '2018-04-17T14:32:03.000Z',
  },
  ...Object.fromEntries(
    (
      [
        ['priority_1_star', 'low'],
        ['priority_2_stars', 'low'],
        ['priority_3_stars', 'low'],
        ['priority_4_stars', 'low'],
        ['priority_5_stars', 'medium'],
        ['priority_6_stars', 'high'],
        ['priority_7_stars', 'high'],
        ['priority_8_stars', 'high'],
        ['priority_9_stars', 'high'],
        ['priority_no_stars', 'none'],
      ] as const
    ).map(([name, priority]) => [
      `nextcloud/${name}.ics`,
      { title: 'Test', description: 'Test description', priority, created_at: '2018-04-17T14:32:03.000Z' },
    ]),
  ),
  'synology/complete_no_due_date.ics': {
    title: 'No date',
    status: 'done',
    created_at: '2019-01-11T07:54:45.000Z',
  },
  'synology/complete_with_date.ics': {
    title: 'Date',
    status: 'done',
    due_date: '2019-01-12',
    created_at: '2019-01-11T07:55:01.000Z',
  },
  'synology/complete_with_date_time.ics': {
    title: 'Date Time',
    status: 'done',
    due_date: '2019-01-12T08:00',
    time_zone: 'Europe/Prague',
    created_at: '2019-01-11T07:55:21.000Z',
  },
};

const ticktickRows: (Expected & { line: number; source_id: string; lost: string[]; created_at: string })[] = [
  {
    ...{ line: 8, source_id: '1', lost: ['Folder Name', 'List Name', 'Order'] },
    title: 'Task with repeating schedule',
    description: 'This task repeats weekly',
    tags: ['urgent', 'work'],
    created_at: '2022-10-09T15:09:48.000Z',
  },
  {
    ...{ line: 9, source_id: '2', lost: ['Folder Name', 'List Name', 'Order', 'Completed Time'] },
    title: 'Task with reminder and dates',
    description: 'Task description with reminder',
    tags: ['work', 'reminder'],
    due_date: '2018-12-12',
    time_zone: 'Europe/Berlin',
    created_at: '2018-12-11T20:10:46.000Z',
  },
  {
    ...{ line: 10, source_id: '3', lost: ['Folder Name', 'List Name', 'Order', 'parentId'] },
    title: 'Subtask example',
    description: 'This is a subtask',
    created_at: '2022-10-09T15:20:55.000Z',
  },
  {
    ...{ line: 11, source_id: '4', lost: ['Folder Name', 'List Name', 'Order', 'parentId'] },
    title: 'Another subtask',
    description: 'Another subtask example',
    created_at: '2022-10-09T15:20:59.000Z',
  },
  {
    ...{ line: 12, source_id: '5', lost: ['Folder Name', 'List Name', 'Order'] },
    title: 'Buy groceries',
    description: 'Weekly grocery shopping',
    tags: ['shopping', 'personal'],
    created_at: '2018-12-29T21:48:09.000Z',
  },
  {
    ...{ line: 13, source_id: '6', lost: ['Folder Name', 'List Name', 'Order'] },
    title: 'Buy household items',
    description: 'Cleaning supplies and toiletries',
    tags: ['shopping'],
    created_at: '2018-12-29T21:48:00.000Z',
  },
  {
    ...{ line: 14, source_id: '7', lost: ['List Name', 'Order'] },
    title: 'Long task description example',
    description:
      'This is an example of a task with a very long description that might contain special characters and formatting.',
    status: 'done',
    completed_at: '2025-11-25T10:39:31.000Z',
    created_at: '2022-01-21T11:33:40.000Z',
  },
  {
    ...{ line: 15, source_id: '8', lost: ['List Name', 'Order'] },
    title: 'Completed task example',
    description: 'This task was completed and shows the completed timestamp',
    status: 'done',
    completed_at: '2025-11-25T10:39:31.000Z',
    created_at: '2022-01-21T11:33:34.000Z',
  },
  {
    ...{ line: 16, source_id: '9', lost: ['List Name', 'Order'] },
    title: 'Task with due date',
    description: 'Task with specific due date and tags',
    tags: ['important', 'deadline'],
    due_date: '2023-03-29',
    time_zone: 'Europe/Berlin',
    created_at: '2018-12-29T21:14:45.000Z',
  },
  {
    ...{ line: 17, source_id: '10', lost: ['List Name', 'Order'] },
    title: 'Welcome task',
    description: 'Welcome to the task management system. This task demonstrates basic functionality.',
    due_date: '2023-06-14',
    created_at: '2018-12-11T20:09:58.000Z',
  },
  {
    ...{ line: 18, source_id: '11', lost: ['List Name', 'Order', 'checklist: its items stay as text'] },
    title: 'Checklist example',
    description: 'This is a checklist task with multiple items',
    created_at: '2018-12-11T20:09:58.000Z',
  },
];

describe('what other programs really wrote (skipped where ../shared/real-input is not beside the checkout)', () => {
  before(function () {
    if (!existsSync(realInput)) this.skip();
  });

  for (const [file, expected] of Object.entries(vtodos)) {
    it(`${file} comes in with everything that it says`, async () => {
      const task = onlyTask(await calendarEntries(createReadStream(`${realInput}vtodo/${file}`)));
      expect(task.fields).to.deep.equal({ ...unsaid, ...expected });
      expect(task.lost).to.deep.equal([]);
    });
  }

  it("every row of TickTick's backup comes in with everything that it says", async () => {
    const entries = await csvEntries(createReadStream(`${realInput}ticktick/export.csv`));
    expect(entries).to.have.length(ticktickRows.length);
    for (const [index, { line, source_id, lost, ...expected }] of ticktickRows.entries()) {
      const task = taskOf(entries[index]);
      expect({ line: task.line, source_id: task.source_id, lost: task.lost }).to.deep.equal({ line, source_id, lost });
      expect(task.fields).to.deep.equal({ ...unsaid, ...expected });
    }
  });

  it("a day of TickTick's that names no zone is the same day whatever the user's zone is", async () => {
    for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo']) {
      const entries = await csvEntries(createReadStream(`${realInput}ticktick/export.csv`), zone);
      expect(taskOf(entries[9]).fields.due_date, zone).to.equal('2023-06-14');
    }
  });
});
