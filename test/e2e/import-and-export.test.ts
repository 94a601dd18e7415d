import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Task } from '../../domain/task/task.js';
import { brokenAt } from '../support/audit-chain.js';
import type { Reply } from '../support/http.js';
import { sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';
import { until } from '../support/until.js';

// Beside the checkout; not part of it, as its licences are others.
const realInput = fileURLToPath(new URL('../../../../shared/real-input/', import.meta.url));

interface ImportResult {
  readonly imported: number;
  readonly unchanged: number;
  readonly rejected: readonly { line: number; code: string; detail: string }[];
  readonly tasks: readonly { source_id: string; id: string; lost: readonly string[] }[];
}

const todo = (uid: string, ...lines: string[]) => ['BEGIN:VTODO', `UID:${uid}`, ...lines, 'END:VTODO'];
const calendar = (...todos: string[][]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', ...todos.flat(), 'END:VCALENDAR', ''].join('\r\n');

describe('POST /v1/import and GET /v1/export', () => {
  const system = sharedSystem();

  const send = (user: TestUser, body: string | Uint8Array, type = 'text/calendar'): Promise<Reply> =>
    user.post('/v1/import', body, { 'content-type': type });
  async function imported(user: TestUser, body: string | Uint8Array, type?: string): Promise<ImportResult> {
    const reply = await send(user, body, type);
    expect([reply.status, reply.header('content-type')], reply.text).to.deep.equal([200, 'application/json']);
    return reply.json as ImportResult;
  }
  const tasksOf = async (user: TestUser) => (await user.get('/v1/tasks?limit=200&sort=title,created_at')).page.tasks;
  /** What stays of a task on its way to another user. */
  const carried = ({ id: _id, user_id: _user, series_id: _series, version: _v, updated_at: _u, ...task }: Task) => task;

  it('make tasks through their actors like any other: in the list, the changes, the log and the live feed', async () => {
    const alice = await system().newUser();
    const feed = await alice.live();
    const file = calendar(
      todo('1', 'SUMMARY:Zahnarzt anrufen', 'DUE;VALUE=DATE:20261130', 'CATEGORIES:home,health', 'PRIORITY:1'),
      todo('2', 'SUMMARY:Done', 'STATUS:COMPLETED', 'COMPLETED:20261101T120000Z'),
    );
    const result = await imported(alice, file);
    expect(result).to.deep.include({ imported: 2, unchanged: 0, rejected: [] });
    const [done, dentist] = await tasksOf(alice);
    expect(done).to.include({ title: 'Done', status: 'done', completed_at: '2026-11-01T12:00:00.000Z', version: 1 });
    expect(dentist).to.deep.include({ due_date: '2026-11-30', tags: ['home', 'health'], user_id: alice.id });
    expect(result.tasks.map(({ source_id, id }) => [source_id, id])).to.have.deep.members([
      ['1', dentist?.id],
      ['2', done?.id],
    ]);
    await feed.seq(2);
    expect(feed.frames.slice(1)).to.deep.equal(await alice.changes());
    await until('the log', async () => (await alice.get('/v1/audit')).log.entries.length === 2);
    expect(brokenAt(alice.id, (await alice.get('/v1/audit')).log.entries)).to.equal(null);
    await feed.close();
  });

  it('make nothing twice of the same file, and change what has changed in it', async () => {
    const alice = await system().newUser();
    const first = await imported(alice, calendar(todo('1', 'SUMMARY:a'), todo('2', 'SUMMARY:b')));
    const again = await imported(alice, calendar(todo('1', 'SUMMARY:a'), todo('2', 'SUMMARY:b')));
    expect([first, again].map((result) => [result.imported, result.unchanged])).to.deep.equal([
      [2, 0],
      [0, 2],
    ]);
    expect(await alice.changes()).to.have.length(2);
    const changed = await imported(alice, calendar(todo('1', 'SUMMARY:a'), todo('2', 'SUMMARY:c')));
    expect(changed).to.include({ imported: 1, unchanged: 1 });
    expect(await alice.titles('sort=title')).to.deep.equal(['a', 'c']);
  });

  it('stop a bad entry alone, say where it is and why, and what has no place in a task', async () => {
    const alice = await system().newUser();
    const file = calendar(
      todo('1', 'SUMMARY:good', 'LOCATION:Berlin'),
      todo('2', 'SUMMARY:bad', 'DUE:20260231T090000'),
      todo('3', 'SUMMARY:good too'),
    );
    const { imported: count, rejected, tasks } = await imported(alice, file);
    expect(count).to.equal(2);
    expect(rejected).to.have.length(1);
    expect(rejected[0]?.line).to.equal(8);
    expect(rejected[0]?.detail).to.be.a('string').and.not.empty;
    expect(tasks[0]?.lost).to.have.length(1);
    expect(await alice.titles('sort=title')).to.deep.equal(['good', 'good too']);
  });

  it('refuse what is no such file', async () => {
    const alice = await system().newUser();
    expect((await send(alice, '{}', 'application/json')).refusal).to.equal('415 unsupported_media_type');
    expect((await send(alice, 'x', 'text/calendar')).status).to.be.oneOf([400, 422]);
    const none = await alice.get('/v1/export', { accept: 'image/png' });
    expect(none.refusal).to.equal('406 not_acceptable');
    expect((await alice.get('/v1/export?colour=red')).refusal).to.equal('422 invalid /colour');
    expect(await alice.changes()).to.be.empty;
  });

  it('need the scopes of a command and of a read', async () => {
    const alice = await system().newUser();
    const reader = await system().tokenFor(alice.id, ['tasks:read']);
    const writer = await system().tokenFor(alice.id, ['tasks:write']);
    const headers = { 'content-type': 'text/calendar' };
    const refused = await system().request('POST', '/v1/import', reader, { body: calendar(), headers });
    expect(refused.refusal).to.equal('403 insufficient_scope');
    expect((await system().request('GET', '/v1/export', writer)).refusal).to.equal('403 insufficient_scope');
  });

  for (const type of ['text/calendar', 'text/csv']) {
    it(`carry every task to another user as ${type}, and make nothing of it a second time`, async () => {
      const [alice, bob] = [await system().newUser(), await system().newUser()];
      const [plain] = await alice.createAll(
        { title: 'Plain' },
        { title: 'Ünïcödé 🦷; "quoted", \\ and', description: 'lines\n\tand tabs', tags: ['a,b', 'c;d'] },
        { title: 'Dated', due_date: '2026-11-30', priority: 'urgent' },
        { title: 'Timed', due_date: '2026-11-30T09:00', time_zone: 'Asia/Tokyo', reminders: [{ before: 'PT15M' }] },
        { title: 'Again', due_date: '2026-11-30T09:00', recurrence: { rule: 'FREQ=MONTHLY;BYMONTHDAY=31' } },
      );
      await alice.post(`/v1/tasks/${plain?.id ?? ''}/complete`);
      const file = await alice.get('/v1/export', { accept: type });
      expect(file.header('content-type')).to.match(new RegExp(`^${type}`));
      expect(await imported(bob, file.text, type)).to.deep.include({ imported: 5, rejected: [] });
      expect((await tasksOf(bob)).map(carried)).to.deep.equal((await tasksOf(alice)).map(carried));
      expect(await imported(bob, file.text, type)).to.deep.include({ imported: 0, unchanged: 5, rejected: [] });
    });
  }

  it('give JSON lines where nothing else is asked for, each the task as reading it gives it', async () => {
    const alice = await system().newUser();
    const tasks = await alice.createAll({ title: 'a' }, { title: 'b', tags: ['x'] });
    const { text, headers } = await alice.get('/v1/export');
    expect(headers.get('content-type')).to.equal('application/x-ndjson');
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).to.have.deep.members(tasks);
  });

  describe('with what other programs really wrote (skipped where ../shared/real-input is not beside the checkout)', () => {
    let files: { name: string; type: string; content: Buffer }[];
    before(async function () {
      if (!existsSync(realInput)) this.skip();
      const names = await readdir(realInput, { recursive: true });
      files = await Promise.all(
        names
          .filter((name) => /\.(ics|csv)$/.test(name))
          .toSorted()
          .map(async (name) => ({
            name,
            type: name.endsWith('.csv') ? 'text/csv' : 'text/calendar',
            content: await readFile(realInput + name),
          })),
      );
    });

    it('bring every entry in, twice give unchanged, and carry all of it to another user', async () => {
      const [alice, bob] = [await system().newUser(), await system().newUser()];
      expect(files.length).to.be.greaterThan(20);
      for (const { name, type, content } of files) {
        const first = await imported(alice, content, type);
        expect(first.rejected, name).to.deep.equal([]);
        // Some are the same entry as in another file.
        expect(first.imported + first.unchanged, name)
          .to.equal(first.tasks.length)
          .and.be.greaterThan(0);
        const second = await imported(alice, content, type);
        expect([second.imported, second.unchanged], name).to.deep.equal([0, first.imported + first.unchanged]);
      }
      for (const type of ['text/calendar', 'text/csv']) {
        const { text } = await alice.get('/v1/export', { accept: type });
        expect((await imported(bob, text, type)).rejected).to.deep.equal([]);
        const [from, to] = await Promise.all([tasksOf(alice), tasksOf(bob)]);
        const written = (task: Task) => JSON.stringify(carried(task));
        expect(to.map(written).toSorted()).to.deep.equal(from.map(written).toSorted());
      }
    });
  });
});
