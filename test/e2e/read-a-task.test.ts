import { expect } from 'chai';
import { sharedSystem } from '../support/system.js';

describe('GET /v1/tasks/{id}', () => {
  const system = sharedSystem();

  it('gives the task with its version as entity tag', async () => {
    const alice = await system().newUser();
    const task = await alice.create({ title: 'Pay rent' });
    const reply = await alice.get(`/v1/tasks/${task.id}`);
    expect(reply.status).to.equal(200);
    expect(reply.header('etag')).to.equal('"1"');
    expect(reply.task).to.deep.equal(task);
  });

  it('shows what was changed the moment that it is acknowledged', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: '0' });
    for (let round = 1; round <= 10; round += 1) {
      const { task } = await alice.patch(`/v1/tasks/${id}`, { title: `${round}` });
      expect((await alice.get(`/v1/tasks/${id}`)).task).to.deep.equal(task);
    }
  });

  it('answers 304 without a body to whoever has this very version', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    for (const tag of ['"1"', 'W/"1"', '"7", "1"', '*']) {
      const reply = await alice.get(`/v1/tasks/${id}`, { 'if-none-match': tag });
      expect([reply.status, reply.text, reply.header('etag')], tag).to.deep.equal([304, '', '"1"']);
    }
    await alice.patch(`/v1/tasks/${id}`, { title: 'Pay the rent' });
    for (const tag of ['"1"', '"x"', '"1", "3"']) {
      const reply = await alice.get(`/v1/tasks/${id}`, { 'if-none-match': tag });
      expect([reply.status, reply.task.version], tag).to.deep.equal([200, 2]);
    }
  });

  it('refuses an If-None-Match that is no entity tag', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    expect((await alice.get(`/v1/tasks/${id}`, { 'if-none-match': '1' })).refusal).to.equal('400 unreadable');
  });

  it('answers 404 for what never was, was deleted, or is no id', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    await alice.delete(`/v1/tasks/${id}`);
    for (const absent of [id, '00000000-0000-4000-8000-000000000000', '1', 'x'.repeat(500), '%F0%9F%91%8D', '..']) {
      expect((await alice.get(`/v1/tasks/${absent}`)).refusal, absent).to.equal('404 not_found');
    }
  });

  it('takes an id in capital letters for the same', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    expect((await alice.get(`/v1/tasks/${id.toUpperCase()}`)).task.id).to.equal(id);
  });
});
