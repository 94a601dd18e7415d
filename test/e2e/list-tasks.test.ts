import { expect } from 'chai';
import { sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';

describe('GET /v1/tasks', () => {
  const system = sharedSystem();

  it('gives all tasks of a user, in the order in which they were made, and how it goes on', async () => {
    const alice = await system().newUser();
    expect((await alice.get('/v1/tasks')).page).to.deep.equal({ tasks: [], next_cursor: null });
    const tasks = await alice.createAll({ title: 'c' }, { title: 'a' }, { title: 'b' });
    const reply = await alice.get('/v1/tasks');
    expect([reply.status, reply.page]).to.deep.equal([200, { tasks, next_cursor: null }]);
  });

  describe('filters', () => {
    let alice: TestUser;
    before(async () => {
      alice = await system().newUser();
      await alice.patch('/v1/me', { time_zone: 'America/New_York' });
      const [, , paid] = await alice.createAll(
        { title: 'low', priority: 'low', tags: ['home'], due_date: '2026-11-30' },
        { title: 'high', priority: 'high', tags: ['home', 'money'], due_date: '2026-11-30T09:00' },
        { title: 'paid', priority: 'high', tags: ['money'], due_date: '2026-12-01T09:00', time_zone: 'Asia/Tokyo' },
        { title: 'bare' },
        { title: 'Home', tags: ['Home', 'a,b'] },
      );
      await alice.post(`/v1/tasks/${paid?.id ?? ''}/complete`);
    });

    const filters: [string, string[]][] = [
      ['status=open', ['low', 'high', 'bare', 'Home']],
      ['status=done', ['paid']],
      ['priority=high', ['high', 'paid']],
      ['priority=none', ['bare', 'Home']],
      ['priority=urgent', []],
      ['tag=home', ['low', 'high']],
      ['tag=Home', ['Home']],
      ['tag=home&tag=money', ['high']],
      ['tag=a,b', ['Home']],
      ['tag=hom', []],
      // A day begins in the user's own zone: 2026-11-30T05:00Z in New York.
      ['due_before=2026-11-30', []],
      ['due_before=2026-12-01', ['low', 'high', 'paid']],
      ['due_after=2026-11-30', ['low', 'high', 'paid']],
      ['due_after=2026-11-30T00:01', ['high', 'paid']],
      ['due_before=2026-11-30T09:00', ['low']],
      ['due_after=2026-11-30T09:00', ['high', 'paid']],
      // 2026-12-01T09:00 in Tokyo.
      ['due_before=2026-12-01T00:00:00Z', ['low', 'high']],
      ['due_after=2026-12-01T00:00:00Z', ['paid']],
      ['due_after=2026-12-01T01:00:00%2B01:00', ['paid']],
      ['due_after=2026-12-01T01:00:00+01:00', ['paid']],
      ['due_after=2026-11-30&due_before=2026-12-01T00:00:00Z&priority=high', ['high']],
      ['status=open&priority=high&tag=home&q=HIGH', ['high']],
      ['status=done&tag=home', []],
    ];
    for (const [query, titles] of filters) {
      it(`${query} leaves ${titles.join(', ') || 'none'}`, async () => {
        expect(await alice.titles(query)).to.deep.equal(titles);
      });
    }
  });

  describe('sorts', () => {
    let alice: TestUser;
    before(async () => {
      alice = await system().newUser();
      const [, second, third] = await alice.createAll(
        { title: 'ä', priority: 'none' },
        { title: 'Z', priority: 'urgent', due_date: '2026-11-30T09:00', time_zone: 'America/New_York' },
        { title: 'a', priority: 'low', due_date: '2026-11-30T09:00', time_zone: 'Asia/Tokyo' },
        { title: 'b', priority: 'high', due_date: '2026-12-01' },
        { title: 'B', priority: 'medium', due_date: '2026-11-29' },
      );
      await alice.post(`/v1/tasks/${third?.id ?? ''}/complete`);
      await alice.post(`/v1/tasks/${second?.id ?? ''}/complete`);
    });

    const sorts: [string, string[]][] = [
      ['created_at', ['ä', 'Z', 'a', 'b', 'B']],
      ['created_at:desc', ['B', 'b', 'a', 'Z', 'ä']],
      ['updated_at:desc', ['Z', 'a', 'B', 'b', 'ä']],
      ['completed_at', ['a', 'Z', 'ä', 'b', 'B']],
      ['priority:desc', ['Z', 'b', 'B', 'a', 'ä']],
      ['priority:asc', ['ä', 'a', 'B', 'b', 'Z']],
      ['due_date', ['B', 'a', 'Z', 'b', 'ä']],
      ['due_date:desc', ['b', 'Z', 'a', 'B', 'ä']],
      ['title', ['a', 'ä', 'b', 'B', 'Z']],
      ['title:desc', ['Z', 'B', 'b', 'ä', 'a']],
      ['status,priority:desc', ['b', 'B', 'ä', 'Z', 'a']],
      ['status:desc,due_date:asc', ['a', 'Z', 'B', 'b', 'ä']],
    ];
    for (const [sort, titles] of sorts) {
      it(`${sort} gives ${titles.join(' ')}`, async () => {
        const reply = await alice.get(`/v1/tasks?sort=${sort}`);
        expect(reply.page.tasks.map((task) => task.title)).to.deep.equal(titles);
      });
    }

    it('priority:desc,due_date:asc orders within a priority by what is due first', async () => {
      const bob = await system().newUser();
      await bob.createAll(
        { title: 'low', priority: 'low', due_date: '2026-11-01' },
        { title: 'high, no date', priority: 'high' },
        { title: 'high, later', priority: 'high', due_date: '2026-12-01' },
        { title: 'high, sooner', priority: 'high', due_date: '2026-11-15' },
      );
      expect(await bob.titles('sort=priority:desc,due_date:asc')).to.deep.equal([
        'high, sooner',
        'high, later',
        'high, no date',
        'low',
      ]);
    });
  });

  it('gives 50 tasks unless told otherwise, and between 1 and 200 when told', async () => {
    const alice = await system().newUser();
    const titles = Array.from({ length: 201 }, (_, index) => ({ title: `${index}` }));
    for (let start = 0; start < titles.length; start += 20) {
      await Promise.all(titles.slice(start, start + 20).map((fields) => alice.create(fields)));
    }
    const lengths = await Promise.all(['', 'limit=1', 'limit=200'].map((query) => alice.titles(query)));
    expect(lengths.map((list) => list.length)).to.deep.equal([50, 1, 200]);
  });
});
