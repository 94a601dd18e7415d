import { expect } from 'chai';
import { sharedSystem } from '../support/system.js';

describe('PATCH /v1/tasks/{id}', () => {
  const system = sharedSystem();

  it('changes the fields that are named and leaves the others, as one more version', async () => {
    const alice = await system().newUser();
    const before = await alice.create({ title: 'Pay rent', tags: ['home'], priority: 'high' });
    const reply = await alice.patch(`/v1/tasks/${before.id}`, { title: 'Pay the rent', due_date: '2026-11-30' });
    expect([reply.status, reply.header('etag')]).to.deep.equal([200, '"2"']);
    const { updated_at, ...after } = reply.task;
    const { updated_at: _before, ...kept } = before;
    expect(after).to.deep.equal({ ...kept, title: 'Pay the rent', due_date: '2026-11-30', version: 2 });
    expect(Date.parse(updated_at)).to.be.at.least(Date.parse(before.updated_at));
  });

  it('sets a field that is null back to its default, as a JSON merge patch does', async () => {
    const alice = await system().newUser();
    const fields = { description: 'x', priority: 'high', tags: ['a'], due_date: '2026-11-30', time_zone: 'Asia/Tokyo' };
    const more = { recurrence: 'daily', reminders: [{ before: 'PT1H' }] };
    const { id } = await alice.create({ title: 'Pay rent', ...fields, ...more });
    const nothing = Object.fromEntries(Object.keys({ ...fields, ...more }).map((name) => [name, null]));
    const { task } = await alice.patch(`/v1/tasks/${id}`, nothing, { 'content-type': 'application/merge-patch+json' });
    const { title, status, version, created_at, updated_at, user_id, ...rest } = task;
    const fresh = await alice.create({ title: 'Pay rent' });
    expect({ title, status, version, user_id }).to.deep.equal({
      title: 'Pay rent',
      status: 'open',
      version: 2,
      user_id: alice.id,
    });
    expect(updated_at >= created_at).to.equal(true);
    expect({ ...fresh, ...rest }).to.deep.equal({ ...fresh, id });
  });

  it('replaces lists and rules as a whole', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({
      title: 'a',
      tags: ['a', 'b'],
      recurrence: { rule: 'FREQ=DAILY', catch_up: 'all' },
    });
    const patch = { tags: ['c'], recurrence: { rule: 'FREQ=WEEKLY' } };
    const { task } = await alice.patch(`/v1/tasks/${id}`, patch);
    expect(task.tags).to.deep.equal(['c']);
    expect(task.recurrence).to.deep.equal({ rule: 'FREQ=WEEKLY', basis: 'due_date', catch_up: 'next' });
  });

  it('that changes nothing makes no version and no event', async () => {
    const alice = await system().newUser();
    const task = await alice.create({ title: 'Pay rent', tags: ['home'] });
    const reply = await alice.patch(`/v1/tasks/${task.id}`, { title: ' Pay rent', tags: ['home'], priority: null });
    expect([reply.status, reply.task]).to.deep.equal([200, task]);
    expect(await alice.changes()).to.have.length(1);
  });

  const refused: [unknown, string][] = [
    [{}, ''],
    [{ title: null }, '/title'],
    [{ title: '' }, '/title'],
    [{ colour: 'red' }, '/colour'],
    [{ status: 'done' }, '/status'],
    [{ version: 7 }, '/version'],
    [{ completed_at: null }, '/completed_at'],
    [{ tags: ['ok', ''] }, '/tags/1'],
    [{ due_date: '2026-02-30' }, '/due_date'],
    [[{ op: 'remove', path: '/title' }], ''],
  ];
  for (const [patch, pointer] of refused) {
    it(`refuses ${JSON.stringify(patch)} and changes nothing`, async () => {
      const alice = await system().newUser();
      const task = await alice.create({ title: 'Pay rent' });
      expect((await alice.patch(`/v1/tasks/${task.id}`, patch)).refusal).to.equal(`422 invalid ${pointer}`);
      expect((await alice.get(`/v1/tasks/${task.id}`)).task).to.deep.equal(task);
    });
  }

  it('refuses a patch of another kind', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    const type = { 'content-type': 'application/json-patch+json' };
    expect((await alice.patch(`/v1/tasks/${id}`, [], type)).refusal).to.equal('415 unsupported_media_type');
  });

  it('of a task that is not there is 404', async () => {
    const alice = await system().newUser();
    const missing = '00000000-0000-4000-8000-000000000000';
    expect((await alice.patch(`/v1/tasks/${missing}`, { title: 'a' })).refusal).to.equal('404 not_found');
  });

  it('by twenty at once loses none of them', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    const patches = Array.from({ length: 20 }, (_, index) => alice.patch(`/v1/tasks/${id}`, { title: `${index}` }));
    const versions = (await Promise.all(patches)).map((reply) => reply.task.version);
    expect(versions.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, index) => index + 2));
  });
});

describe('If-Match', () => {
  const system = sharedSystem();

  const commands: [string, string, unknown][] = [
    ['PATCH', '', { title: 'Pay the rent' }],
    ['POST', '/complete', undefined],
    ['POST', '/reopen', undefined],
    ['DELETE', '', undefined],
  ];
  for (const [method, path, body] of commands) {
    it(`lets ${method}${path} through on its version only`, async () => {
      const alice = await system().newUser();
      const { id } = await alice.create({ title: '1' });
      await alice.patch(`/v1/tasks/${id}`, { title: '2' });
      const command = (tag: string) =>
        alice.request(method, `/v1/tasks/${id}${path}`, {
          headers: { 'if-match': tag },
          ...(body !== undefined && { body }),
        });
      for (const stale of ['"1"', '"3"', 'W/"2"', '"x"', '"1", "7"']) {
        expect((await command(stale)).refusal, stale).to.equal('412 precondition_failed');
      }
      expect((await command('2')).refusal).to.equal('400 unreadable');
      expect((await alice.get(`/v1/tasks/${id}`)).task).to.include({ title: '2', version: 2 });
      expect((await command('"1", "2"')).status).to.be.oneOf([200, 204]);
    });
  }

  it('with * asks only that the task is there', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    expect((await alice.post(`/v1/tasks/${id}/complete`, undefined, { 'if-match': '*' })).status).to.equal(200);
    await alice.delete(`/v1/tasks/${id}`);
    const gone = await alice.post(`/v1/tasks/${id}/complete`, undefined, { 'if-match': '*' });
    expect(gone.refusal).to.equal('404 not_found');
  });

  it('lets one of many through that start from the same version', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    const attempts = Array.from({ length: 10 }, (_, index) =>
      alice.patch(`/v1/tasks/${id}`, { title: `${index}` }, { 'if-match': '"1"' }),
    );
    const statuses = (await Promise.all(attempts)).map((reply) => reply.status);
    expect(statuses.toSorted()).to.deep.equal([200, ...Array<number>(9).fill(412)]);
    expect(await alice.changes()).to.have.length(2);
  });
});

describe('POST /v1/tasks/{id}/complete and /reopen', () => {
  const system = sharedSystem();

  it('give the task after it', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    const done = await alice.post(`/v1/tasks/${id}/complete`);
    expect([done.status, done.header('etag')]).to.deep.equal([200, '"2"']);
    expect(done.task).to.include({ status: 'done', version: 2, completed_at: done.task.updated_at });
    const open = await alice.post(`/v1/tasks/${id}/reopen`, {});
    expect(open.header('etag')).to.equal('"3"');
    expect(open.task).to.include({ status: 'open', version: 3, completed_at: null });
    expect((await alice.get(`/v1/tasks/${id}`)).task).to.deep.equal(open.task);
  });

  it('change nothing when they are repeated', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    for (const path of ['complete', 'reopen']) {
      const first = await alice.post(`/v1/tasks/${id}/${path}`);
      const second = await alice.post(`/v1/tasks/${id}/${path}`);
      expect([second.status, second.task]).to.deep.equal([200, first.task]);
    }
    expect((await alice.changes()).map((change) => change.type)).to.deep.equal([
      'TASK_CREATED',
      'TASK_COMPLETED',
      'TASK_REOPENED',
    ]);
  });

  it('happen once however many ask at once', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    const replies = await Promise.all(Array.from({ length: 20 }, () => alice.post(`/v1/tasks/${id}/complete`)));
    for (const reply of replies) expect([reply.status, reply.task.version]).to.deep.equal([200, 2]);
    expect(await alice.changes()).to.have.length(2);
  });

  it('of a task that is not there are 404', async () => {
    const alice = await system().newUser();
    for (const id of ['00000000-0000-4000-8000-000000000000', '1']) {
      expect((await alice.post(`/v1/tasks/${id}/complete`)).refusal).to.equal('404 not_found');
      expect((await alice.post(`/v1/tasks/${id}/reopen`)).refusal).to.equal('404 not_found');
    }
  });
});

describe('DELETE /v1/tasks/{id}', () => {
  const system = sharedSystem();

  for (const query of ['', '?scope=this', '?scope=series']) {
    it(`${query} answers 204 without a body, and the task is gone`, async () => {
      const alice = await system().newUser();
      const { id } = await alice.create({ title: 'Pay rent' });
      const reply = await alice.delete(`/v1/tasks/${id}${query}`);
      expect([reply.status, reply.text]).to.deep.equal([204, '']);
      expect((await alice.get(`/v1/tasks/${id}`)).refusal).to.equal('404 not_found');
      expect(await alice.titles()).to.be.empty;
    });
  }

  it('of a task that is gone is 404, and so is any other command', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    await alice.delete(`/v1/tasks/${id}`);
    const path = `/v1/tasks/${id}`;
    const replies = [alice.delete(path), alice.patch(path, { title: 'a' }), alice.post(`${path}/complete`)];
    for (const reply of await Promise.all(replies)) expect(reply.refusal).to.equal('404 not_found');
    expect(await alice.changes()).to.have.length(2);
  });

  it('refuses a scope that is none', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    expect((await alice.delete(`/v1/tasks/${id}?scope=all`)).refusal).to.equal('422 invalid /scope');
    expect(await alice.titles()).to.deep.equal(['Pay rent']);
  });
});
