import { expect } from 'chai';
import type { Task } from '../../domain/task/task.js';
import { actorsOn, startTestGateway, type CallOptions, type TestGateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { insertTasks } from '../support/task-rows.js';
import { until } from '../support/until.js';

interface ImportResult {
  readonly imported: number;
  readonly unchanged: number;
  readonly rejected: readonly { line: number; code: string; detail: string }[];
  readonly tasks: readonly { source_id: string; id: string; lost: readonly string[] }[];
}

const calendar = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'BEGIN:VTODO',
  'UID:first@example',
  'SUMMARY:Zahnarzt anrufen',
  'DUE;VALUE=DATE:20261130',
  'CATEGORIES:home,health',
  'LOCATION:Berlin',
  'END:VTODO',
  'BEGIN:VEVENT',
  'UID:event@example',
  'SUMMARY:A meeting',
  'END:VEVENT',
  'BEGIN:VTODO',
  'UID:second@example',
  'SUMMARY:Draft',
  'END:VTODO',
  'BEGIN:VTODO',
  'UID:second@example',
  'SUMMARY:Final',
  'STATUS:COMPLETED',
  'COMPLETED:20261101T120000Z',
  'END:VTODO',
  'END:VCALENDAR',
  '',
].join('\r\n');

describe('import and export', () => {
  let database: TestDatabase;
  let gateway: TestGateway;
  before(async () => {
    database = await testDatabase();
    gateway = await startTestGateway({ pool: database.pool, command: actorsOn(database.pool) });
  });
  after(async () => {
    await gateway.close();
    await database.drop();
  });

  const send = (body: string | Uint8Array, { headers, ...options }: CallOptions = {}) =>
    gateway.call('POST', '/v1/import', { ...options, body, headers: { 'content-type': 'text/calendar', ...headers } });
  const imported = async (body: string, options: CallOptions) => {
    const reply = await send(body, options);
    expect([reply.status, reply.header('content-type')], reply.text).to.deep.equal([200, 'application/json']);
    return reply.json as ImportResult;
  };
  const tasksOf = async (user: string) =>
    (await gateway.call('GET', '/v1/tasks?limit=200&sort=title', { user })).page.tasks;
  const exported = (user: string, accept: string) => gateway.call('GET', '/v1/export', { user, headers: { accept } });

  it('makes tasks of a file, tells what it could not keep, and the same file again makes nothing', async () => {
    const user = 'import';
    const result = await imported(calendar, { user });
    expect(result).to.include({ imported: 3, unchanged: 0 });
    expect(result.rejected).to.have.length(1);
    expect(result.rejected[0]).to.include({ line: 10, code: 'not_a_task' });
    expect(result.tasks.map(({ source_id }) => source_id)).to.deep.equal([
      'first@example',
      'second@example',
      'second@example',
    ]);
    expect(result.tasks[0]?.lost).to.deep.equal(['LOCATION']);
    const tasks = await tasksOf(user);
    expect(tasks.map(({ title, status, version }) => [title, status, version])).to.deep.equal([
      ['Final', 'done', 2],
      ['Zahnarzt anrufen', 'open', 1],
    ]);
    expect(tasks.map(({ id }) => id)).to.have.members([...new Set(result.tasks.map(({ id }) => id))]);

    // Two entries of one name disagree: each time, the last one stands.
    const single = calendar.replace('SUMMARY:Draft', 'SUMMARY:Final\r\nSTATUS:COMPLETED\r\nCOMPLETED:20261101T120000Z');
    expect(await imported(single, { user })).to.include({ imported: 0, unchanged: 3 });
    expect(await tasksOf(user)).to.deep.equal(tasks);
  });

  it('tells each entry as it is done when asked for lines', async () => {
    const reply = await send(calendar, { user: 'lines', headers: { accept: 'application/x-ndjson' } });
    expect(reply.header('content-type')).to.equal('application/x-ndjson');
    const lines = reply.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ outcome, line }) => [outcome, line])).to.deep.equal([
      ['imported', 3],
      ['rejected', 10],
      ['imported', 14],
      ['imported', 18],
      [undefined, undefined],
    ]);
    expect(lines.at(-1)).to.deep.equal({ summary: { imported: 3, unchanged: 0, rejected: 1 } });
  });

  it('reads local times in the user’s own zone', async () => {
    const user = 'zoned';
    await gateway.call('PATCH', '/v1/me', { user, body: { time_zone: 'Asia/Tokyo' } });
    const file = 'BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:z\nSUMMARY:z\nDUE:20261130T000000Z\nEND:VTODO\nEND:VCALENDAR\n';
    await imported(file, { user });
    expect((await tasksOf(user))[0]).to.include({ due_date: '2026-11-30T00:00', time_zone: 'UTC' });
  });

  it('refuses what is none of its files, or too large, with the status that says so', async () => {
    const cases: [string, CallOptions, number, string][] = [
      ['title,done\nx,y\n', { headers: { 'content-type': 'text/csv' } }, 422, 'invalid'],
      ['hello', {}, 400, 'unreadable'],
      ['', {}, 400, 'unreadable'],
      [calendar, { headers: { 'content-type': 'application/json' } }, 415, 'unsupported_media_type'],
      [calendar, { headers: { 'content-type': 'text/calendar; charset=latin1' } }, 415, 'unsupported_media_type'],
      [calendar, { headers: { 'content-encoding': 'gzip' } }, 415, 'unsupported_media_type'],
      [calendar, { scopes: ['tasks:read'] }, 403, 'insufficient_scope'],
    ];
    for (const [body, options, status, code] of cases) {
      const reply = await send(body, { user: 'refused', ...options });
      expect([reply.status, reply.problem.code], body.slice(0, 20)).to.deep.equal([status, code]);
    }
    const utf8 = await send(calendar, {
      user: 'utf8',
      headers: { 'content-type': 'text/calendar; charset=UTF-8; method=PUBLISH' },
    });
    expect(utf8.status).to.equal(200);
  });

  for (const [accept, suffix, type] of [
    ['text/calendar', 'ics', 'text/calendar; charset=utf-8'],
    ['text/csv;q=0.9, text/html', 'csv', 'text/csv; charset=utf-8'],
  ] as const) {
    it(`what ${suffix} export writes, import reads back the same`, async () => {
      const [from, to] = [`from-${suffix}`, `to-${suffix}`];
      const bodies = [
        { title: 'Plain' },
        { title: 'Ünïcödé 🦷; "quoted", \\ and', description: 'lines\n\tand tabs', tags: ['a,b', 'c;d', 'ü'] },
        { title: 'Dated', due_date: '2026-11-30', priority: 'urgent' },
        {
          title: 'Timed',
          due_date: '2026-11-30T09:00',
          time_zone: 'America/New_York',
          reminders: [{ before: 'PT15M' }],
        },
        {
          title: 'Again',
          due_date: '2026-11-30T09:00:30',
          recurrence: { rule: 'FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD' },
        },
      ];
      for (const body of bodies) await gateway.call('POST', '/v1/tasks', { user: from, body });
      const [first] = await tasksOf(from);
      await gateway.call('POST', `/v1/tasks/${first?.id}/complete`, { user: from });

      const file = await exported(from, accept);
      expect(file.header('content-type')).to.equal(type);
      expect(file.header('content-disposition')).to.equal(`attachment; filename="tasks.${suffix}"`);
      const result = await imported(file.text, { user: to, headers: { 'content-type': type } });
      expect(result).to.deep.include({ imported: bodies.length, rejected: [] });
      expect(result.tasks.flatMap(({ lost }) => lost)).to.deep.equal([]);
      const strip = ({ user_id: _user, version: _version, updated_at: _updated, ...task }: Task) => task;
      expect((await tasksOf(to)).map(strip)).to.deep.equal((await tasksOf(from)).map(strip));
      expect((await exported(to, accept)).text.length).to.equal(file.text.length);
    });
  }

  it('JSON lines hold each task once, as reading it gives it, over many pages', async () => {
    const user = 'many';
    await insertTasks(database.pool, user, 1_234);
    const { text, headers } = await exported(user, '*/*');
    expect(headers.get('content-type')).to.equal('application/x-ndjson');
    const tasks = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Task);
    expect(new Set(tasks.map(({ id }) => id)).size).to.equal(1_234);
    const [some] = tasks.slice(700);
    expect((await gateway.call('GET', `/v1/tasks/${some?.id}`, { user })).task).to.deep.equal(some);
  });

  it('export refuses what it cannot write, and has nothing to say of nobody', async () => {
    expect((await exported('none', 'application/pdf')).problem.code).to.equal('not_acceptable');
    expect((await exported('none', 'application/x-ndjson')).text).to.equal('');
    const head = await gateway.call('HEAD', '/v1/export', { user: 'many' });
    expect([head.status, head.text]).to.deep.equal([200, '']);
  });

  it('an import whose client goes away ends soon', async () => {
    const todo = (index: number) => `BEGIN:VTODO\r\nUID:gone-${index}\r\nSUMMARY:Gone ${index}\r\nEND:VTODO\r\n`;
    const file = `BEGIN:VCALENDAR\r\n${Array.from({ length: 20_000 }, (_, index) => todo(index)).join('')}END:VCALENDAR\r\n`;
    const abort = new AbortController();
    const response = await fetch(`${gateway.url}/v1/import`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await gateway.token('gone')}`, 'content-type': 'text/calendar' },
      body: file,
      signal: abort.signal,
    });
    expect(response.status).to.equal(200);
    abort.abort();
    const count = async () => {
      const { rows } = await database.pool.query<{ count: number }>(
        `SELECT count(*) FROM tasks WHERE user_id = 'gone'`,
      );
      return rows[0]?.count ?? 0;
    };
    let last = -1;
    await until('no more tasks come', async () => {
      const before = last;
      last = await count();
      return last === before;
    });
    expect(last).to.be.within(1, 19_000);
  });
});
