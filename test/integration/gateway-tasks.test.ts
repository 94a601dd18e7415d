import { expect } from 'chai';
import { commitFacts } from '../../actors/facts/commit-facts.js';
import { derivedId } from '../../domain/events/derived-id.js';
import { actorsOn, startTestGateway, type TestGateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

describe('tasks over REST', () => {
  let database: TestDatabase;
  let gateway: TestGateway;
  before(async () => {
    database = await testDatabase();
    const { pool } = database;
    gateway = await startTestGateway({ pool, command: actorsOn(pool) });
  });
  after(async () => {
    await gateway.close();
    await database.drop();
  });

  const create = (body: object, headers: Record<string, string> = {}) =>
    gateway.call('POST', '/v1/tasks', { body, headers });

  it('a task that was created is read back as it was answered, with its address and version', async () => {
    const written = {
      title: 'Zahnarzt 🦷 "anrufen"',
      description: 'mit\nZeilen',
      priority: 'high',
      tags: ['home', 'für später'],
      due_date: '2026-11-30T09:00',
      time_zone: 'Europe/Berlin',
      recurrence: { rule: 'FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD', basis: 'due_date', catch_up: 'all' },
      reminders: [{ before: 'PT15M' }, { at: '2026-11-29T18:00' }],
    };
    const created = await create(written);
    expect(created.status).to.equal(201);
    expect(created.task).to.deep.include({ ...written, user_id: 'alice', status: 'open', version: 1, occurrence: 1 });
    expect(created.headers.get('etag')).to.equal('"1"');
    const location = created.headers.get('location') ?? '';
    expect(location).to.equal(`/v1/tasks/${created.task.id}`);
    const read = await gateway.call('GET', location);
    expect(read.status).to.equal(200);
    expect(read.task).to.deep.equal(created.task);
    expect(read.headers.get('etag')).to.equal('"1"');
    expect((await gateway.call('GET', location.toUpperCase().replace('/V1/TASKS', '/v1/tasks'))).task).to.deep.equal(
      created.task,
    );
    const head = await gateway.call('HEAD', location);
    expect([head.status, head.text, head.headers.get('etag')]).to.deep.equal([200, '', '"1"']);
  });

  it('ids rise with time', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.push((await create({ title: 'x' })).task.id);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(ids).to.deep.equal(ids.toSorted());
    expect(ids[0]).to.match(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  it('the same Idempotency-Key and body answer the same again, another body is refused', async () => {
    const key = { 'idempotency-key': '"8e03978e-40d5-43e8-bc93-6894a57f9324"' };
    const first = await create({ title: 'Once', priority: 'low' }, key);
    const again = await create({ priority: 'low', title: 'Once' }, key);
    expect([again.status, again.text]).to.deep.equal([201, first.text]);
    for (const name of ['location', 'etag']) expect(again.headers.get(name)).to.equal(first.headers.get(name));
    expect(first.headers.has('idempotency-replayed')).to.equal(false);
    expect(again.headers.get('idempotency-replayed')).to.equal('true');

    const other = await create({ title: 'Other' }, key);
    expect([other.status, other.problem.code]).to.deep.equal([422, 'idempotency_key_reused']);
    const another = await gateway.call('POST', `/v1/tasks/${first.task.id}/complete`, { headers: key });
    expect([another.status, another.problem.code]).to.deep.equal([422, 'idempotency_key_reused']);
    const stranger = await gateway.call('POST', '/v1/tasks', { user: 'bob', body: { title: 'Other' }, headers: key });
    expect(stranger.status).to.equal(201);
    const { rows } = await database.pool.query(`SELECT count(*) FROM tasks WHERE title IN ('Once', 'Other')`);
    expect(rows[0]).to.deep.equal({ count: 2 });
  });

  it('requests with one Idempotency-Key at the same time make one task', async () => {
    const headers = { 'idempotency-key': 'at-once' };
    const replies = await Promise.all(Array.from({ length: 10 }, () => create({ title: 'Rush' }, headers)));
    expect(new Set(replies.map(({ status }) => status))).to.deep.equal(new Set([201]));
    expect(new Set(replies.map(({ task }) => task.id)).size).to.equal(1);
  });

  it('an Idempotency-Key that is no key is refused, by name', async () => {
    for (const key of ['', 'two words', 'x'.repeat(256), 'ü']) {
      const { problem } = await create({ title: 'x' }, { 'idempotency-key': key });
      expect([key, problem.status]).to.deep.equal([key, 422]);
      expect(problem.errors?.[0]).to.include({ pointer: '/Idempotency-Key', in: 'header' });
    }
  });

  it('a merge patch changes what it names and sets back what is null', async () => {
    const { task } = await create({ title: 'Plan', priority: 'high', tags: ['a'], due_date: '2026-12-01' });
    const patched = await gateway.call('PATCH', `/v1/tasks/${task.id}`, {
      body: { title: 'Plan B', priority: null, due_date: null },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(patched.status).to.equal(200);
    expect(patched.task).to.deep.include({
      title: 'Plan B',
      priority: 'none',
      due_date: null,
      tags: ['a'],
      version: 2,
    });
    expect(patched.headers.get('etag')).to.equal('"2"');
    expect((await gateway.call('GET', `/v1/tasks/${task.id}`)).task).to.deep.equal(patched.task);
    const readOnly = await gateway.call('PATCH', `/v1/tasks/${task.id}`, { body: { status: 'done', version: 9 } });
    expect(readOnly.refusal).to.equal('422 invalid /status /version');
  });

  it('If-Match carries out only what was decided on the present version', async () => {
    const { task } = await create({ title: 'Guarded' });
    const patch = (ifMatch: string, title: string) =>
      gateway.call('PATCH', `/v1/tasks/${task.id}`, { body: { title }, headers: { 'if-match': ifMatch } });
    expect((await patch('"1"', 'one')).status).to.equal(200);
    for (const stale of ['"1"', 'W/"2"', '"02"', '"2x"', '"99999999999999999999"', '"1", W/"2"']) {
      const { status, problem } = await patch(stale, 'two');
      expect([stale, status, problem.code]).to.deep.equal([stale, 412, 'precondition_failed']);
    }
    expect((await patch('"1", "2" ,"7"', 'two')).status).to.equal(200);
    expect((await patch('*', 'three')).status).to.equal(200);
    for (const unreadable of ['2', '"1" x', 'W/2', '', '*, "1"']) {
      expect([unreadable, (await patch(unreadable, 'x')).status]).to.deep.equal([unreadable, 400]);
    }
    const completed = await gateway.call('POST', `/v1/tasks/${task.id}/complete`, { headers: { 'if-match': '"1"' } });
    const deleted = await gateway.call('DELETE', `/v1/tasks/${task.id}`, { headers: { 'if-match': '"1"' } });
    expect([completed.status, deleted.status]).to.deep.equal([412, 412]);
    const missing = '/v1/tasks/01930000-0000-7000-8000-00000000dead';
    expect(
      (await gateway.call('PATCH', missing, { body: { title: 'x' }, headers: { 'if-match': '*' } })).status,
    ).to.equal(404);
  });

  it('If-None-Match answers 304 to who has the present version', async () => {
    const { task } = await create({ title: 'Cached' });
    const get = (ifNoneMatch: string) =>
      gateway.call('GET', `/v1/tasks/${task.id}`, { headers: { 'if-none-match': ifNoneMatch } });
    for (const known of ['"1"', 'W/"1"', '"7", "1"', '*']) {
      const { status, text, headers } = await get(known);
      expect([known, status, text, headers.get('etag')]).to.deep.equal([known, 304, '', '"1"']);
    }
    for (const old of ['"2"', '"11"', '""']) expect([old, (await get(old)).status]).to.deep.equal([old, 200]);
    expect((await get('1')).status).to.equal(400);
  });

  it('complete and reopen answer the task after it, and change nothing the second time', async () => {
    const { task } = await create({ title: 'Toggle' });
    const done = await gateway.call('POST', `/v1/tasks/${task.id}/complete`);
    expect(done.task).to.include({ status: 'done', version: 2 });
    expect(done.task.completed_at).to.equal(done.task.updated_at);
    const again = await gateway.call('POST', `/v1/tasks/${task.id}/complete`, { body: {} });
    expect([again.status, again.task]).to.deep.equal([200, done.task]);
    const open = await gateway.call('POST', `/v1/tasks/${task.id}/reopen`);
    expect(open.task).to.include({ status: 'open', version: 3, completed_at: null });
  });

  it('delete takes the task away; what is left is the 404 of a task that never was', async () => {
    const { task } = await create({ title: 'Gone' });
    const path = `/v1/tasks/${task.id}`;
    for (const wrong of ['?scope=all', '?scope=', '?scope=this&scope=this', '?force=1']) {
      const { status, problem } = await gateway.call('DELETE', path + wrong);
      expect([wrong, status, problem.errors?.[0]?.in]).to.deep.equal([wrong, 422, 'query']);
    }
    const { status, text } = await gateway.call('DELETE', `${path}?scope=series`);
    expect([status, text]).to.deep.equal([204, '']);
    for (const [method, suffix] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/complete'],
    ] as const) {
      expect((await gateway.call(method, path + suffix)).problem.code).to.equal('not_found');
    }
  });

  it('another user’s task is the 404 of an unknown one, for every call', async () => {
    const { task } = await create({ title: 'Mine' });
    const unknown = (await gateway.call('GET', '/v1/tasks/01930000-0000-7000-8000-00000000dead')).problem;
    const path = `/v1/tasks/${task.id}`;
    const calls = [
      ['GET', path, undefined],
      ['PATCH', path, { title: 'Theirs' }],
      ['DELETE', path, undefined],
      ['POST', `${path}/complete`, undefined],
      ['POST', `${path}/reopen`, undefined],
    ] as const;
    for (const [method, address, body] of calls) {
      const reply = await gateway.call(method, address, { user: 'mallory', body });
      expect([method, address, reply.status, reply.problem]).to.deep.equal([method, address, 404, unknown]);
    }
    expect((await gateway.call('GET', '/v1/tasks', { user: 'mallory' })).page.tasks).to.deep.equal([]);
    expect((await gateway.call('GET', path)).task).to.deep.equal(task);
  });

  it('/v1/changes gives what happened in order, from any place on, to its user alone', async () => {
    const user = 'carol';
    const call = (method: string, path: string, body?: unknown) => gateway.call(method, path, { user, body });
    const { task } = await call('POST', '/v1/tasks', { title: 'One' });
    const { task: patched } = await call('PATCH', `/v1/tasks/${task.id}`, { title: 'Two' });
    await call('DELETE', `/v1/tasks/${task.id}`);

    const { feed: all } = await call('GET', '/v1/changes');
    expect(all.seq).to.equal(3);
    expect(all.changes.map(({ seq, type }) => [seq, type])).to.deep.equal([
      [1, 'TASK_CREATED'],
      [2, 'TASK_UPDATED'],
      [3, 'TASK_DELETED'],
    ]);
    expect(all.changes[0]).to.deep.equal({
      seq: 1,
      type: 'TASK_CREATED',
      task_id: task.id,
      timestamp: task.created_at,
      task,
    });
    expect(all.changes[1]?.task).to.deep.equal(patched);
    expect(all.changes[2]?.task).to.equal(null);

    const { feed: first } = await call('GET', '/v1/changes?limit=2');
    expect([first.changes.length, first.seq]).to.deep.equal([2, 2]);
    const { feed: rest } = await call('GET', `/v1/changes?limit=2&since=${first.seq}`);
    expect(rest.changes).to.deep.equal(all.changes.slice(2));
    expect((await call('GET', '/v1/changes?since=17')).feed).to.deep.equal({ changes: [], seq: 17 });
    expect((await gateway.call('GET', '/v1/changes', { user: 'dave' })).feed).to.deep.equal({ changes: [], seq: 0 });
  });

  it('/v1/changes shows a fact with what it says, beside the task as it stands', async () => {
    const user = 'frieda';
    const { task } = await gateway.call('POST', '/v1/tasks', { user, body: { title: 'One' } });
    const fact = (name: string) => ({
      type: 'SERIES_ENDED' as const,
      event_id: derivedId(user, name),
      user_id: user,
      task_id: task.id,
      actor: 'recurrence' as const,
      timestamp: '2026-11-24T09:00:00.000Z',
      detail: { series_id: derivedId(user), occurrence: 3 },
    });
    const parts = { pool: database.pool, committed: () => undefined };
    await commitFacts(parts, [fact('first')]);
    const etag = (await gateway.call('GET', `/v1/tasks/${task.id}`, { user })).header('etag');
    expect(etag, 'as good as before').to.equal('"1"');
    await gateway.call('DELETE', `/v1/tasks/${task.id}`, { user });
    await commitFacts(parts, [fact('second')]);
    const { changes } = (await gateway.call('GET', '/v1/changes', { user })).feed;
    const { type, task_id, timestamp, detail } = fact('');
    expect(changes[1]).to.deep.equal({ seq: 2, type, task_id, timestamp, task, detail });
    expect(changes[3]).to.deep.equal({ seq: 4, type, task_id, timestamp, task: null, detail });
    expect(changes[0], 'a change').not.to.have.property('detail');
  });

  it('a query parameter that is wrong is refused, by name', async () => {
    const wrong: [string, string][] = [
      ['/v1/changes?since=-1', '/since'],
      ['/v1/changes?since=1.5', '/since'],
      ['/v1/changes?since=9007199254740992', '/since'],
      ['/v1/changes?since=99999999999999999999999999', '/since'],
      ['/v1/changes?limit=0', '/limit'],
      ['/v1/changes?limit=1001', '/limit'],
      ['/v1/changes?limit=', '/limit'],
      ['/v1/changes?limit=2&limit=2', '/limit'],
      ['/v1/changes?until=3', '/until'],
      ['/v1/tasks?filter=x', '/filter'],
      ['/v1/tasks?status=all', '/status'],
      ['/v1/tasks?priority=1', '/priority'],
      ['/v1/tasks?limit=201', '/limit'],
      ['/v1/tasks?sort=color', '/sort'],
      ['/v1/tasks?sort=', '/sort'],
      ['/v1/tasks?sort=priority:down', '/sort'],
      ['/v1/tasks?due_before=tomorrow', '/due_before'],
      ['/v1/tasks?due_after=2026-02-30', '/due_after'],
      ['/v1/tasks?due_after=2026-02-30T00:00:00Z', '/due_after'],
      ['/v1/tasks?due_after=2026-01-01T00:00:00%2B24:00', '/due_after'],
      ['/v1/tasks?tag=', '/tag/0'],
      ['/v1/tasks?tag=a%00b', '/tag'],
      ['/v1/tasks?q=%00', '/q'],
      ['/v1/tasks?__proto__=1', '/__proto__'],
      ['/v1/tasks?constructor=1', '/constructor'],
      ['/v1/me?x=1', '/x'],
    ];
    for (const [path, pointer] of wrong) {
      const { status, problem } = await gateway.call('GET', path);
      const [error] = problem.errors ?? [];
      expect([path, status, error?.pointer, error?.in]).to.deep.equal([path, 422, pointer, 'query']);
    }
    for (const path of ['/v1/tasks?q=%ff', '/v1/tasks?q=%', '/v1/tasks?%zz=1']) {
      const { status, problem } = await gateway.call('GET', path);
      expect([path, status, problem.code]).to.deep.equal([path, 400, 'unreadable']);
    }
  });
});
