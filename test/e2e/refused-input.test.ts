import { expect } from 'chai';
import type { Task } from '../../domain/task/task.js';
import { shape, sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';

describe('what the interface refuses', () => {
  const system = sharedSystem();
  let alice: TestUser;
  let task: Task;
  before(async () => {
    alice = await system().newUser();
    task = await alice.create({ title: 'Pay rent' });
  });
  after(async () => {
    expect(await alice.changes(), 'nothing of all this was carried out').to.have.length(1);
  });

  /** The body of a create, and where each fault of it is. */
  const bodies: [string, unknown, string][] = [
    ['no title', {}, '/title'],
    ['a title that is null', { title: null }, '/title'],
    ['a title of spaces', { title: '  ' }, '/title'],
    ['a title that is a number', { title: 7 }, '/title'],
    ['a title of 501 characters', { title: '👍'.repeat(501) }, '/title'],
    ['a title of two lines', { title: 'a\nb' }, '/title'],
    ['a control character', { title: 'a\u0007b' }, '/title'],
    ['a control character in the description', { title: 'a', description: 'a\u0000b' }, '/description'],
    ['half a surrogate pair', { title: 'a\ud83d' }, '/title'],
    ['a description of more than 16 KiB', { title: 'a', description: 'é'.repeat(8193) }, '/description'],
    ['51 tags', { title: 'a', tags: Array.from({ length: 51 }, (_, i) => `${i}`) }, '/tags'],
    ['a tag of 51 characters', { title: 'a', tags: ['ok', 'x'.repeat(51)] }, '/tags/1'],
    ['an empty tag', { title: 'a', tags: [' '] }, '/tags/0'],
    ['tags that are no list', { title: 'a', tags: 'home' }, '/tags'],
    ['an unknown priority', { title: 'a', priority: 'extreme' }, '/priority'],
    ['a day that does not exist', { title: 'a', due_date: '2026-02-29' }, '/due_date'],
    ['a time that does not exist', { title: 'a', due_date: '2026-11-30T25:00' }, '/due_date'],
    ['a due date with an offset', { title: 'a', due_date: '2026-11-30T09:00Z' }, '/due_date'],
    ['an unknown zone', { title: 'a', time_zone: 'Europe/Atlantis' }, '/time_zone'],
    ['an unknown word of recurrence', { title: 'a', recurrence: 'fortnightly' }, '/recurrence'],
    ['a recurrence without rule', { title: 'a', recurrence: { basis: 'due_date' } }, '/recurrence/rule'],
    ['a rule that is none', { title: 'a', recurrence: { rule: 'EVERY=DAY' } }, '/recurrence/rule'],
    ['a rule without FREQ', { title: 'a', recurrence: { rule: 'COUNT=3' } }, '/recurrence/rule'],
    ['an unknown basis', { title: 'a', recurrence: { rule: 'FREQ=DAILY', basis: 'x' } }, '/recurrence/basis'],
    ['a reminder of no kind', { title: 'a', reminders: [{}] }, '/reminders/0'],
    ['a reminder that is no duration', { title: 'a', reminders: [{ before: 'soon' }] }, '/reminders/0/before'],
    ['a reminder at a date alone', { title: 'a', reminders: [{ at: '2026-11-30' }] }, '/reminders/0/at'],
    ['21 reminders', { title: 'a', reminders: Array.from({ length: 21 }, () => ({ before: 'PT1M' })) }, '/reminders'],
    ['a status, which only complete and reopen change', { title: 'a', status: 'done' }, '/status'],
    ['an id of its own', { title: 'a', id: '00000000-0000-4000-8000-000000000001' }, '/id'],
    ['the name of a user', { title: 'a', user_id: 'bob' }, '/user_id'],
    ['a field with a strange name', { title: 'a', 'a/b~c': 1 }, '/a~1b~0c'],
    ['a field named __proto__', '{"title":"a","__proto__":{"x":1}}', '/__proto__'],
    ['an unknown field deep within', { title: 'a', recurrence: { rule: 'FREQ=DAILY', x: 1 } }, '/recurrence/x'],
    ['a list', [], ''],
    ['a word', '"Pay rent"', ''],
    ['null', 'null', ''],
  ];
  for (const [what, body, pointer] of bodies) {
    it(`a task with ${what}, saying where`, async () => {
      const reply = await alice.post('/v1/tasks', body);
      expect(reply.refusal.split(' ')).to.include.members(['422', 'invalid']);
      const places = reply.problem.errors?.map((error) => error.pointer) ?? [];
      expect(
        places.some((place) => place.startsWith(pointer)),
        `${pointer} among ${places.join()}`,
      ).to.equal(true);
    });
  }

  it('a task with several faults names each of them', async () => {
    const reply = await alice.post('/v1/tasks', { colour: 'red', priority: 'extreme', tags: [7] });
    const { errors = [], detail } = reply.problem;
    expect(errors.map((error) => error.pointer)).to.have.members(['/title', '/colour', '/priority', '/tags/0']);
    expect(errors.find((error) => error.pointer === '/colour')?.detail).to.include('colour');
    expect(detail).to.be.a('string').and.not.empty;
  });

  it('is told as problem details, with a type, a title, a detail and the stable code', async () => {
    const { problem } = await alice.post('/v1/tasks', {});
    expect(problem).to.deep.equal({
      type: 'urn:todo-chatbot:error:invalid',
      title: 'The request is not valid',
      status: 422,
      detail: '/title is missing',
      code: 'invalid',
      errors: [{ pointer: '/title', detail: 'is missing' }],
    });
  });

  const unknownParameters: [string, string][] = [
    ['POST', '/v1/tasks'],
    ['GET', '/v1/tasks'],
    ['GET', '/v1/tasks/ID'],
    ['PATCH', '/v1/tasks/ID'],
    ['DELETE', '/v1/tasks/ID'],
    ['POST', '/v1/tasks/ID/complete'],
    ['POST', '/v1/tasks/ID/reopen'],
    ['GET', '/v1/changes'],
    ['GET', '/v1/audit'],
    ['GET', '/v1/me'],
    ['PATCH', '/v1/me'],
    ['GET', '/healthz'],
    ['GET', '/readyz'],
    // In the split shape operators have a door of their own.
    ...(shape === 'split' ? [] : [['GET', '/metrics'] as [string, string]]),
    ['GET', '/openapi.json'],
  ];
  for (const [method, path] of unknownParameters) {
    it(`an unknown query parameter, by its name: ${method} ${path}`, async () => {
      const reply = await alice.request(method, `${path.replace('ID', task.id)}?colour=red`, {
        ...(method === 'POST' || method === 'PATCH' ? { body: { title: 'x' } } : {}),
      });
      expect(reply.refusal).to.equal('422 invalid /colour');
      expect(reply.problem.errors?.[0]).to.include({ in: 'query' });
      expect(reply.problem.detail).to.include('colour');
    });
  }

  for (const path of ['complete', 'reopen']) {
    it(`an unknown field in the body of ${path}`, async () => {
      const reply = await alice.post(`/v1/tasks/${task.id}/${path}`, { when: 'now' });
      expect(reply.refusal).to.equal('422 invalid /when');
    });
  }

  const parameters: [string, string][] = [
    ['status=closed', '/status'],
    ['status=open&status=done', '/status'],
    ['priority=extreme', '/priority'],
    ['tag=', '/tag/0'],
    ['due_before=tomorrow', '/due_before'],
    ['due_after=2026-02-30', '/due_after'],
    ['due_after=2026-11-30T09:00:00%2B25:00', '/due_after'],
    ['sort=colour', '/sort'],
    ['sort=title:up', '/sort'],
    ['limit=0', '/limit'],
    ['limit=201', '/limit'],
    ['limit=ten', '/limit'],
    ['limit=1e2', '/limit'],
    ['q=a%00b', '/q'],
  ];
  for (const [query, pointer] of parameters) {
    it(`the parameter ${query} of a list`, async () => {
      expect((await alice.get(`/v1/tasks?${query}`)).refusal).to.equal(`422 invalid ${pointer}`);
    });
  }
  for (const query of ['since=-1', 'since=x', 'limit=0', 'limit=1001']) {
    for (const path of ['/v1/changes', '/v1/audit']) {
      it(`the parameter ${query} of ${path}`, async () => {
        const pointer = `/${query.split('=')[0] ?? ''}`;
        expect((await alice.get(`${path}?${query}`)).refusal).to.equal(`422 invalid ${pointer}`);
      });
    }
  }
  it('a query that is not percent-encoded UTF-8', async () => {
    expect((await alice.get('/v1/tasks?q=%ff')).refusal).to.equal('400 unreadable');
  });

  it('a body that is not JSON, not UTF-8, missing, or too deep', async () => {
    const deep = `${'['.repeat(100)}${']'.repeat(100)}`;
    for (const body of ['{', '{"title":"a",}', '', deep, new Uint8Array([0x22, 0xff, 0x22])]) {
      expect((await alice.post('/v1/tasks', body)).refusal).to.equal('400 unreadable');
    }
    expect((await alice.request('POST', '/v1/tasks')).refusal).to.equal('400 unreadable');
  });

  it('a body of another media type, character set or encoding', async () => {
    const title = { title: 'a' };
    for (const type of ['text/plain', 'application/xml', 'application/json; charset=latin1', 'multipart/form-data']) {
      expect((await alice.post('/v1/tasks', title, { 'content-type': type })).refusal).to.equal(
        '415 unsupported_media_type',
      );
    }
    const encoded = await alice.post('/v1/tasks', title, { 'content-encoding': 'gzip' });
    expect(encoded.refusal).to.equal('415 unsupported_media_type');
  });

  it('a body of more than a mebibyte', async () => {
    const reply = await alice.post('/v1/tasks', { title: 'a', description: 'x'.repeat(1024 * 1024) });
    expect(reply.refusal).to.equal('413 payload_too_large');
  });

  it('a method that an address does not have, and names those it has', async () => {
    const reply = await alice.request('PUT', `/v1/tasks/${task.id}`, { body: { title: 'a' } });
    expect(reply.refusal).to.equal('405 method_not_allowed');
    expect(reply.header('allow')?.split(', ')).to.include.members(['GET', 'PATCH', 'DELETE']);
  });

  it('an address at which nothing is', async () => {
    for (const path of [
      '/v1/nothing',
      '/v2/tasks',
      `/v1/tasks/${task.id}/`,
      `/v1/tasks/${task.id}/burn`,
      '/V1/tasks',
    ]) {
      expect((await alice.get(path)).refusal).to.equal('404 not_found');
    }
  });
});
