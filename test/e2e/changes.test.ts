import { expect } from 'chai';
import { sharedSystem } from '../support/system.js';

describe('GET /v1/changes', () => {
  const system = sharedSystem();

  it('gives what happened to all tasks of a user, in order, with the task after each change', async () => {
    const alice = await system().newUser();
    const created = await alice.create({ title: 'Pay rent' });
    const path = `/v1/tasks/${created.id}`;
    const updated = (await alice.patch(path, { priority: 'high' })).task;
    const completed = (await alice.post(`${path}/complete`)).task;
    const reopened = (await alice.post(`${path}/reopen`)).task;
    await alice.delete(path);
    const other = await alice.create({ title: 'Buy milk' });

    const { changes, seq } = (await alice.get('/v1/changes')).feed;
    expect(seq).to.equal(6);
    expect(changes.map(({ timestamp: _timestamp, ...change }) => change)).to.deep.equal([
      { seq: 1, type: 'TASK_CREATED', task_id: created.id, task: created },
      { seq: 2, type: 'TASK_UPDATED', task_id: created.id, task: updated },
      { seq: 3, type: 'TASK_COMPLETED', task_id: created.id, task: completed },
      { seq: 4, type: 'TASK_REOPENED', task_id: created.id, task: reopened },
      { seq: 5, type: 'TASK_DELETED', task_id: created.id, task: null },
      { seq: 6, type: 'TASK_CREATED', task_id: other.id, task: other },
    ]);
    for (const { timestamp, task } of changes) expect(timestamp).to.equal(task?.updated_at ?? timestamp);
  });

  it('goes on after since, a page at a time, to the end and no further', async () => {
    const alice = await system().newUser();
    await alice.createAll(...Array.from({ length: 5 }, (_, index) => ({ title: `${index}` })));
    const page = async (query: string) => {
      const { changes, seq } = (await alice.get(`/v1/changes?${query}`)).feed;
      return [...changes.map((change) => change.seq), `seq ${seq}`];
    };
    expect(await page('limit=2')).to.deep.equal([1, 2, 'seq 2']);
    expect(await page('limit=2&since=2')).to.deep.equal([3, 4, 'seq 4']);
    expect(await page('limit=2&since=4')).to.deep.equal([5, 'seq 5']);
    expect(await page('since=5')).to.deep.equal(['seq 5']);
    expect(await page('since=0')).to.deep.equal([1, 2, 3, 4, 5, 'seq 5']);
  });

  it('is empty for a user who has done nothing', async () => {
    const alice = await system().newUser();
    expect((await alice.get('/v1/changes')).feed).to.deep.equal({ changes: [], seq: 0 });
  });

  it('has no gap and nothing twice after many commands at once, of which some are refused', async () => {
    const alice = await system().newUser();
    const tasks = await Promise.all(Array.from({ length: 20 }, (_, index) => alice.create({ title: `${index}` })));
    const commands = tasks.flatMap(({ id }, index) => [
      alice.patch(`/v1/tasks/${id}`, { title: 'renamed' }),
      alice.patch(`/v1/tasks/${id}`, { title: 'stale' }, { 'if-match': '"9"' }),
      alice.post(`/v1/tasks/${id}/complete`),
      index % 2 === 0 ? alice.delete(`/v1/tasks/${id}`) : alice.post(`/v1/tasks/${id}/reopen`),
    ]);
    await Promise.all(commands);
    const changes = await alice.changes();
    expect(changes.map((change) => change.seq)).to.deep.equal(changes.map((_, index) => index + 1));
    const versions = new Map<string, number>();
    for (const { task_id, task } of changes) {
      const version = (versions.get(task_id) ?? 0) + 1;
      if (task) expect(task.version).to.equal(version);
      versions.set(task_id, version);
    }
    expect(changes.filter((change) => change.type === 'TASK_DELETED')).to.have.length(10);
  });

  it('has changed the list of tasks to what it tells', async () => {
    const alice = await system().newUser();
    const tasks = await alice.createAll({ title: 'a' }, { title: 'b' }, { title: 'c' });
    await alice.delete(`/v1/tasks/${tasks[0]?.id ?? ''}`);
    await alice.post(`/v1/tasks/${tasks[1]?.id ?? ''}/complete`);
    const last = new Map((await alice.changes()).map(({ task_id, task }) => [task_id, task]));
    const { tasks: listed } = (await alice.get('/v1/tasks')).page;
    expect(listed).to.deep.equal([...last.values()].filter((task) => task !== null));
  });
});
