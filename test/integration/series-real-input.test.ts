import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { occurrenceId } from '../../domain/recurrence/series.js';
import type { Task } from '../../domain/task/task.js';
import { actorsOn, startTestGateway, type TestGateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

// Beside the checkout; not part of it, as its licences are others.
const realInput = fileURLToPath(new URL('../../../../shared/real-input/', import.meta.url));

/** As other programs write them. */
const rules = [
  'FREQ=DAILY',
  'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;WKST=SU',
  'FREQ=MONTHLY;BYMONTHDAY=-1',
  'FREQ=MONTHLY;BYDAY=2TU',
  'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29',
  'RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;BYMONTHDAY=31',
  'FREQ=DAILY;COUNT=10',
  'FREQ=WEEKLY;UNTIL=20991231T235959Z',
];

describe('a rule that another program wrote', () => {
  const now = '2026-11-25T12:00:00.000Z';
  let database: TestDatabase;
  let gateway: TestGateway;
  const command = (...sent: Parameters<ReturnType<typeof actorsOn>>) =>
    actorsOn(database.pool, () => new Date(now))(...sent);
  before(async () => {
    database = await testDatabase();
    gateway = await startTestGateway({ pool: database.pool, command });
  });
  after(async () => {
    await gateway.close();
    await database.drop();
  });

  /** Imports a file with one task, completes that, and has its series go on. */
  async function completed(user: string, file: string): Promise<{ first: Task; second: Task }> {
    const headers = { 'content-type': 'text/calendar' };
    await gateway.call('POST', '/v1/import', { user, body: file, headers });
    const [task] = (await gateway.call('GET', '/v1/tasks', { user })).page.tasks;
    if (!task) throw new Error('nothing came in');
    const first = (await gateway.call('POST', `/v1/tasks/${task.id}/complete`, { user })).task;
    const recur = { op: 'recur', series_id: first.id, occurrence: 1, task_id: first.id, version: 2, at: now } as const;
    const envelope = { command: recur, actor: 'recurrence', idempotency: null } as const;
    const { task: second } = await command(user, occurrenceId(first.id, 2), envelope);
    if (!second) throw new Error('nothing comes after it');
    return { first, second };
  }
  const rulesOut = async (user: string): Promise<string[]> => {
    const { text } = await gateway.call('GET', '/v1/export', { user, headers: { accept: 'text/calendar' } });
    const todos = text.split('BEGIN:VTODO').slice(1);
    return todos.flatMap((todo) =>
      [...todo.replaceAll('\r\n ', '').matchAll(/^RRULE:(.*)\r$/gm)].map(([, rule]) => rule ?? ''),
    );
  };
  const partsOf = (rule: string): string[] => rule.split(';').toSorted();

  for (const rule of rules) {
    it(`${rule} recurs, and goes out as it came in`, async () => {
      const file = [
        ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'BEGIN:VTODO', 'UID:1', 'SUMMARY:Repeats'],
        ...['DTSTART:20261125T090000', 'DUE:20261125T090000', `RRULE:${rule}`, 'END:VTODO', 'END:VCALENDAR', ''],
      ].join('\r\n');
      const { first, second } = await completed(rule, file);
      expect(second.recurrence).to.deep.equal(first.recurrence);
      const [before, after] = [first.due_date ?? '', second.due_date ?? ''];
      expect(after > before, `${after} after ${before}`).to.equal(true);
      const out = await rulesOut(rule);
      expect(out.map(partsOf)).to.deep.equal([partsOf(rule), partsOf(rule)]);
    });
  }

  it("Apple's daily task recurs at its own time in its own zone, and goes out as it came in", async function () {
    if (!existsSync(realInput)) this.skip();
    const { first, second } = await completed(
      'apple',
      await readFile(`${realInput}vtodo/apple/repeat_daily.ics`, 'utf8'),
    );
    expect(first).to.include({ due_date: '2018-04-17T14:00', time_zone: 'America/Chicago' });
    // 12:00 in UTC is 06:00 there.
    expect(second).to.include({ due_date: '2026-11-25T14:00', time_zone: 'America/Chicago' });
    expect(await rulesOut('apple')).to.deep.equal(['FREQ=DAILY', 'FREQ=DAILY']);
  });
});
