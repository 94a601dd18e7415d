import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Reply } from '../support/http.js';
import { sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';

/** All of an answer that a client could compare. */
const whole = ({ status, text, headers }: Reply) => [status, text, headers.get('location'), headers.get('etag')];

describe('Idempotency-Key', () => {
  const system = sharedSystem();
  const named = (key: string) => ({ 'idempotency-key': key });

  it('answers a create again as it was first answered, byte for byte, whatever happened since', async () => {
    const alice = await system().newUser();
    const body = { title: 'Pay rent', tags: ['b', 'a'], recurrence: 'monthly', due_date: '2026-11-30' };
    const first = await alice.post('/v1/tasks', body, named('k'));
    await alice.patch(`/v1/tasks/${first.task.id}`, { title: 'Something newer' });
    await alice.delete(`/v1/tasks/${first.task.id}`);
    const second = await alice.post('/v1/tasks', body, named('k'));
    expect(first.status).to.equal(201);
    expect(whole(second)).to.deep.equal(whole(first));
    expect([first, second].map((reply) => reply.header('idempotency-replayed'))).to.deep.equal([null, 'true']);
    // The series goes on by itself meanwhile.
    expect((await alice.changes()).filter((change) => change.task_id === first.task.id)).to.have.length(3);
  });

  const commands: [string, (alice: TestUser, id: string, key: string) => Promise<Reply>, string][] = [
    ['PATCH', (alice, id, key) => alice.patch(`/v1/tasks/${id}`, { title: 'Renamed' }, named(key)), 'TASK_UPDATED'],
    ['complete', (alice, id, key) => alice.post(`/v1/tasks/${id}/complete`, undefined, named(key)), 'TASK_COMPLETED'],
    ['DELETE', (alice, id, key) => alice.delete(`/v1/tasks/${id}`, named(key)), 'TASK_DELETED'],
  ];
  for (const [name, command, type] of commands) {
    it(`answers ${name} again as it was first answered, byte for byte`, async () => {
      const alice = await system().newUser();
      const { id } = await alice.create({ title: 'Pay rent' });
      const first = await command(alice, id, 'k');
      if (name !== 'DELETE') await alice.patch(`/v1/tasks/${id}`, { title: 'Something newer' });
      expect(whole(await command(alice, id, 'k'))).to.deep.equal(whole(first));
      const types = (await alice.changes()).map((change) => change.type);
      expect(types.filter((each) => each === type)).to.have.length(type === 'TASK_UPDATED' ? 2 : 1);
    });
  }

  it('takes a body that means the same for the same', async () => {
    const alice = await system().newUser();
    const first = await alice.post('/v1/tasks', '{"title":"a","tags":["b"]}', named('k'));
    const second = await alice.post('/v1/tasks', '{ "tags": ["b"], "title": "\\u0061" }', named('k'));
    expect(whole(second)).to.deep.equal(whole(first));
  });

  it('refuses another request under the same key with 422, and carries nothing out', async () => {
    const alice = await system().newUser();
    const { task } = await alice.post('/v1/tasks', { title: 'Pay rent' }, named('k'));
    const others = [
      alice.post('/v1/tasks', { title: 'Pay more' }, named('k')),
      alice.patch(`/v1/tasks/${task.id}`, { title: 'Pay rent' }, named('k')),
      alice.patch(`/v1/tasks/${task.id}`, { title: 'Pay more' }, named('k')),
      alice.post(`/v1/tasks/${task.id}/complete`, undefined, named('k')),
      alice.delete(`/v1/tasks/${task.id}`, named('k')),
    ];
    for (const reply of await Promise.all(others)) expect(reply.refusal).to.equal('422 idempotency_key_reused');
    expect(await alice.changes()).to.have.length(1);
  });

  it('used twenty times at once makes one task', async () => {
    const alice = await system().newUser();
    const key = randomUUID();
    const attempts = Array.from({ length: 20 }, () => alice.post('/v1/tasks', { title: 'Once' }, named(key)));
    const replies = await Promise.all(attempts);
    expect(new Set(replies.map((reply) => JSON.stringify(whole(reply))))).to.have.property('size', 1);
    expect(await alice.titles()).to.deep.equal(['Once']);
    expect(await alice.changes()).to.have.length(1);
  });

  it('is free again after a request that was refused', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    const command = (tag: string) =>
      alice.patch(`/v1/tasks/${id}`, { title: 'Renamed' }, { ...named('k'), 'if-match': tag });
    expect((await command('"7"')).refusal).to.equal('412 precondition_failed');
    expect((await command('"1"')).status).to.equal(200);
  });

  it("is each user's own", async () => {
    const [alice, bob] = [await system().newUser(), await system().newUser()];
    const mine = await alice.post('/v1/tasks', { title: 'Mine' }, named('k'));
    const yours = await bob.post('/v1/tasks', { title: 'Yours' }, named('k'));
    expect([mine.task.title, yours.task.title]).to.deep.equal(['Mine', 'Yours']);
  });

  it('is refused when it is empty, too long or not plain', async () => {
    const alice = await system().newUser();
    for (const key of ['', 'x'.repeat(256), 'a b']) {
      expect((await alice.post('/v1/tasks', { title: 'a' }, named(key))).refusal).to.equal(
        '422 invalid /Idempotency-Key',
      );
    }
    expect((await alice.post('/v1/tasks', { title: 'a' }, named('x'.repeat(255)))).status).to.equal(201);
  });
});
