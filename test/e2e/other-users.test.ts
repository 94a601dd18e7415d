import { expect } from 'chai';
import type { Task } from '../../domain/task/task.js';
import { sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';

describe("another user's task", () => {
  const system = sharedSystem();
  let alice: TestUser;
  let bob: TestUser;
  let task: Task;
  before(async () => {
    [alice, bob] = [await system().newUser(), await system().newUser()];
    task = await alice.create({ title: 'Secret', tags: ['secret'] });
    await bob.create({ title: 'Own' });
  });
  after(async () => {
    expect((await alice.get(`/v1/tasks/${task.id}`)).task, 'nothing of all this reached it').to.deep.equal(task);
    expect(await alice.changes()).to.have.length(1);
  });

  const missing = '00000000-0000-4000-8000-000000000000';
  const calls: [string, string, unknown?, Record<string, string>?][] = [
    ['GET', ''],
    ['GET', '', undefined, { 'if-none-match': '"1"' }],
    ['PATCH', '', { title: 'Mine' }],
    ['PATCH', '', { title: 'Mine' }, { 'if-match': '"1"' }],
    ['PATCH', '', { title: 'Mine' }, { 'if-match': '"7"' }],
    ['DELETE', ''],
    ['POST', '/complete'],
    ['POST', '/complete', {}, { 'idempotency-key': 'k' }],
    ['POST', '/reopen'],
  ];
  for (const [method, path, body, headers = {}] of calls) {
    it(`is as one that never was, in body and headers alike: ${method}${path} ${JSON.stringify(headers)}`, async () => {
      const ask = (id: string) =>
        bob.request(method, `/v1/tasks/${id}${path}`, { headers, ...(body !== undefined && { body }) });
      const [others, none] = [await ask(task.id), await ask(missing)];
      expect(others.refusal).to.equal('404 not_found');
      expect([others.text, others.steadyHeaders]).to.deep.equal([none.text, none.steadyHeaders]);
    });
  }

  it('is in no list, search, change or log of anybody else', async () => {
    for (const query of ['', 'q=secret', 'tag=secret', 'sort=title', 'status=open']) {
      expect(await bob.titles(query)).not.to.include('Secret');
    }
    expect((await bob.changes()).map((change) => change.task?.title)).to.deep.equal(['Own']);
    expect((await bob.get(`/v1/audit?task_id=${task.id}`)).log.entries).to.be.empty;
    for (const entry of (await bob.get('/v1/audit')).log.entries) expect(entry.after?.user_id).to.equal(bob.id);
  });

  it('never arrives on the live feed of anybody else', async () => {
    const [carol, dave] = [await system().newUser(), await system().newUser()];
    const feed = await dave.live();
    await carol.createAll({ title: 'a' }, { title: 'b' });
    await dave.create({ title: 'mine' });
    await feed.seq(1);
    expect(feed.changes.map((change) => change.task?.user_id)).to.deep.equal([dave.id]);
    await feed.close();
  });
});
