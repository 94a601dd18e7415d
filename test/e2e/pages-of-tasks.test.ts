import { expect } from 'chai';
import type { Task } from '../../domain/task/task.js';
import { sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';

describe('the pages of a list', () => {
  const system = sharedSystem();

  /** All pages one after the other. @param between is called before each page but the first */
  async function walk(user: TestUser, query: string, between: (page: number) => Promise<unknown> = async () => {}) {
    const tasks: Task[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page += 1) {
      if (page > 0) await between(page);
      const reply = await user.get(`/v1/tasks?${query}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(reply.status, reply.text).to.equal(200);
      tasks.push(...reply.page.tasks);
      cursor = reply.page.next_cursor;
    }
    return tasks.map((task) => task.title);
  }

  async function userWith(count: number, fields: (index: number) => object = () => ({})): Promise<TestUser> {
    const user = await system().newUser();
    await user.createAll(...Array.from({ length: count }, (_, index) => ({ title: `${index}`, ...fields(index) })));
    return user;
  }
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

  it('end with a page whose next_cursor is null, also when it is full', async () => {
    const alice = await userWith(6);
    const first = (await alice.get('/v1/tasks?limit=3')).page;
    const second = (await alice.get(`/v1/tasks?limit=3&cursor=${first.next_cursor ?? ''}`)).page;
    expect(second.tasks.map((task) => task.title)).to.deep.equal(['3', '4', '5']);
    expect(second.next_cursor).to.equal(null);
  });

  const sorts = [
    'created_at',
    'created_at:desc',
    'title',
    'priority:desc,due_date',
    'due_date',
    'due_date:desc',
    'status,title:desc',
    'completed_at,updated_at',
  ];
  for (const sort of sorts) {
    it(`together are the list as one, each task once: ${sort}`, async () => {
      const alice = await userWith(15, (index) => ({
        priority: ['none', 'high'][index % 2],
        due_date: [null, '2026-11-30', '2026-12-01T09:00'][index % 3],
      }));
      const all = await alice.titles(`sort=${sort}`);
      expect(all).to.have.members(upTo(15));
      for (const limit of [1, 4, 7]) expect(await walk(alice, `sort=${sort}&limit=${limit}`)).to.deep.equal(all);
    });
  }

  it('keep to the filters', async () => {
    const alice = await userWith(10, (index) => ({ tags: index % 2 === 0 ? ['even'] : [] }));
    expect(await walk(alice, 'tag=even&limit=2')).to.deep.equal(['0', '2', '4', '6', '8']);
    expect(await walk(alice, 'q=even&limit=2&sort=created_at:desc')).to.deep.equal(['8', '6', '4', '2', '0']);
  });

  it('show each task once that is there all the time, while others come, go and change', async () => {
    const alice = await userWith(20, () => ({ due_date: '2026-11-30' }));
    const { tasks } = (await alice.get('/v1/tasks')).page;
    const shown = await walk(alice, 'sort=due_date,created_at&limit=4', async (page) => {
      // Behind the place: deleted, and moved to the front. Ahead of it: made at the front and at the end.
      await alice.delete(`/v1/tasks/${tasks[page * 4 - 1]?.id ?? ''}`);
      await alice.patch(`/v1/tasks/${tasks[page * 4 - 2]?.id ?? ''}`, { due_date: '2020-01-01' });
      await alice.create({ title: `front ${page}`, due_date: '2020-01-01' });
      await alice.create({ title: `end ${page}`, due_date: '2030-01-01' });
    });
    expect(shown.slice(0, 20)).to.deep.equal(upTo(20));
    expect(shown.slice(20)).to.deep.equal(shown.slice(20).map((_, index) => `end ${index + 1}`));
  });

  it('go on when the very task is gone that the cursor stands at', async () => {
    const alice = await userWith(6);
    const shown = await walk(alice, 'limit=2', async () => {
      const { tasks } = (await alice.get('/v1/tasks')).page;
      await alice.delete(`/v1/tasks/${tasks.find((task) => task.title === '1' || task.title === '3')?.id ?? ''}`);
    });
    expect(shown).to.deep.equal(upTo(6));
  });

  it('refuse a cursor of another list, and one that was never given out', async () => {
    const alice = await userWith(3);
    const { next_cursor } = (await alice.get('/v1/tasks?limit=1&sort=title')).page;
    for (const query of ['sort=title:desc', 'sort=title&status=open', 'sort=title&q=a']) {
      const reply = await alice.get(`/v1/tasks?${query}&cursor=${next_cursor ?? ''}`);
      expect(reply.refusal, query).to.equal('422 invalid /cursor');
    }
    const cut = (next_cursor ?? '').slice(0, -4);
    for (const cursor of [cut, 'x', `${next_cursor ?? ''}AAAA`]) {
      expect((await alice.get(`/v1/tasks?sort=title&cursor=${cursor}`)).refusal).to.equal('400 unreadable');
    }
    const bob = await userWith(3);
    const others = await bob.get(`/v1/tasks?limit=1&sort=title&cursor=${next_cursor ?? ''}`);
    for (const task of others.page.tasks) expect(task.user_id).to.equal(bob.id);
  });
});
