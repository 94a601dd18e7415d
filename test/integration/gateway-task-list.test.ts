import { expect } from 'chai';
import type { Task } from '../../domain/task/task.js';
import { priorities } from '../../domain/task/task.js';
import { dueAt } from '../../domain/task/due-at.js';
import { sortFields } from '../../gateway/task-list/sort.js';
import { actorsOn, startTestGateway, type TestGateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { insertTasks } from '../support/task-rows.js';

describe('the list of tasks', () => {
  let database: TestDatabase;
  let gateway: TestGateway;
  before(async () => {
    database = await testDatabase();
    gateway = await startTestGateway({ pool: database.pool, command: actorsOn(database.pool) });
  });
  after(async () => {
    await gateway.close();
    await database.drop();
  });

  async function create(user: string, body: object): Promise<Task> {
    return (await gateway.call('POST', '/v1/tasks', { user, body })).task;
  }
  const list = async (user: string, query = '') => (await gateway.call('GET', `/v1/tasks${query}`, { user })).page;
  const titles = async (user: string, query = '') => (await list(user, query)).tasks.map(({ title }) => title);

  /** Follows the cursors to the end. */
  async function all(user: string, query: string, limit: number): Promise<Task[]> {
    const tasks: Task[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await list(user, `?${query}&limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`);
      expect(page.tasks.length).to.be.at.most(limit);
      tasks.push(...page.tasks);
      cursor = page.next_cursor;
      if (cursor === null) return tasks;
      expect(page.tasks).to.have.length(limit);
    }
  }

  it('shows each task as reading it does, oldest first', async () => {
    const made = [];
    for (const title of ['one', 'two', 'three']) made.push(await create('shown', { title, tags: ['a'] }));
    expect(await list('shown')).to.deep.equal({ tasks: made, next_cursor: null });
    expect(await list('nobody')).to.deep.equal({ tasks: [], next_cursor: null });
    expect((await gateway.call('HEAD', '/v1/tasks', { user: 'shown' })).status).to.equal(200);
  });

  describe('filtered', () => {
    const user = 'filter';
    before(async () => {
      await gateway.call('PATCH', '/v1/me', { user, body: { time_zone: 'Europe/Berlin' } });
      await create(user, {
        title: 'Miete überweisen',
        priority: 'high',
        tags: ['home', 'money'],
        due_date: '2026-11-30',
      });
      await create(user, {
        title: 'Call Zoë',
        description: 'about the RENT',
        tags: ['Home'],
        due_date: '2026-11-30T09:00',
      });
      await create(user, {
        title: '明日の会議を準備する',
        priority: 'urgent',
        tags: ['work'],
        due_date: '2026-12-01T00:00',
      });
      await create(user, { title: 'ラーメンを食べる 🍜' });
      const { id } = await create(user, { title: 'Done long ago', tags: ['home'], due_date: '2020-01-01' });
      await gateway.call('POST', `/v1/tasks/${id}/complete`, { user });
    });

    const cases: [string, string[]][] = [
      ['?status=done', ['Done long ago']],
      ['?status=open&tag=home', ['Miete überweisen']],
      ['?priority=urgent', ['明日の会議を準備する']],
      ['?priority=none&status=open', ['Call Zoë', 'ラーメンを食べる 🍜']],
      // A tag is found as a whole, in its own case; all of several must be there.
      ['?tag=home&tag=money', ['Miete überweisen']],
      ['?tag=home&tag=work', []],
      ['?tag=ho', []],
      ['?tag=%23home', []],
      ['?tag=Home', ['Call Zoë']],
      // Words: of title, description and tags, every one of them, without case and accents, in any script.
      ['?q=rent', ['Call Zoë']],
      ['?q=UEBERWEISEN', []],
      ['?q=uberweisen+miete', ['Miete überweisen']],
      ['?q=zoe', ['Call Zoë']],
      ['?q=money', ['Miete überweisen']],
      ['?q=miete+rent', []],
      ['?q=rent%20-%20call!', ['Call Zoë']],
      [`?q=${encodeURIComponent('会議')}`, ['明日の会議を準備する']],
      [`?q=${encodeURIComponent('ラーメン')}`, ['ラーメンを食べる 🍜']],
      [`?q=${encodeURIComponent('🍜')}`, []],
      ['?q=+', ['Miete überweisen', 'Call Zoë', '明日の会議を準備する', 'ラーメンを食べる 🍜', 'Done long ago']],
      // A local bound is in the user's own zone; before excludes, after includes.
      ['?due_before=2026-11-30', ['Done long ago']],
      ['?due_before=2026-11-30T00:01', ['Miete überweisen', 'Done long ago']],
      ['?due_after=2026-11-30T09:00', ['Call Zoë', '明日の会議を準備する']],
      ['?due_after=2026-11-30T09:00:01', ['明日の会議を準備する']],
      ['?due_after=2026-11-30&due_before=2026-12-01', ['Miete überweisen', 'Call Zoë']],
      ['?due_after=2026-11-30T08:00:00Z', ['Call Zoë', '明日の会議を準備する']],
      ['?due_after=2026-11-30T09:00:00%2B01:00', ['Call Zoë', '明日の会議を準備する']],
      ['?due_after=2026-11-30t09:00:00.5+01:00', ['明日の会議を準備する']],
      ['?due_before=0001-01-01', []],
      ['?due_before=9999-12-31T23:59:59-23:59&status=done', ['Done long ago']],
    ];
    for (const [query, expected] of cases) {
      it(`${decodeURIComponent(query)} finds ${expected.length} of 5`, async () => {
        expect(await titles(user, query)).to.deep.equal(expected);
      });
    }
  });

  describe('sorted', () => {
    const user = 'sorted';
    before(async () => {
      const dates = [
        null,
        '2026-11-30',
        '2026-11-30T00:00',
        '2026-12-01T10:00',
        '2027-01-01',
        '0001-01-01',
        '9999-12-31',
      ];
      const names = ['zebra', 'Äpfel', 'apfel', 'Zoo', 'älter', 'B', 'a', '10', '9', 'ラ', '🍜'];
      for (let index = 0; index < 60; index += 1) {
        const { id } = await create(user, {
          title: names[index % names.length],
          priority: priorities[(index * 3) % 5],
          due_date: dates[(index * 5) % dates.length],
        });
        if (index % 3 === 0) await gateway.call('POST', `/v1/tasks/${id}/complete`, { user });
      }
    });

    const collator = new Intl.Collator('und');
    const valueOf: Record<(typeof sortFields)[number], (task: Task) => number | string | null> = {
      priority: (task) => priorities.indexOf(task.priority),
      due_date: (task) => dueAt(task)?.getTime() ?? null,
      created_at: (task) => Date.parse(task.created_at),
      updated_at: (task) => Date.parse(task.updated_at),
      completed_at: (task) => (task.completed_at === null ? null : Date.parse(task.completed_at)),
      title: (task) => task.title,
      status: (task) => (task.status === 'open' ? 0 : 1),
    };
    function compare(sort: string) {
      return (a: Task, b: Task): number => {
        for (const part of sort.split(',')) {
          const [field, direction = 'asc'] = part.split(':') as [(typeof sortFields)[number], string?];
          const [left, right] = [valueOf[field](a), valueOf[field](b)];
          if (left === right) continue;
          if (left === null) return 1;
          if (right === null) return -1;
          const order = typeof left === 'string' ? collator.compare(left, String(right)) : left - Number(right);
          if (order !== 0) return direction === 'asc' ? order : -order;
        }
        return 0;
      };
    }

    const sorts = [
      ...sortFields.flatMap((field) => [field, `${field}:desc`]),
      'priority:desc,due_date:asc',
      'priority,due_date:desc',
      'due_date:desc,priority:asc',
      'status,completed_at:desc,title',
      'title,created_at:desc',
      'completed_at,due_date,title:desc,priority',
    ];
    for (const sort of sorts) {
      it(`by ${sort}: nulls last, ties stable, the same by pages of any size, none twice and none left out`, async () => {
        const whole = await all(user, `sort=${sort}`, 200);
        expect(whole).to.have.length(60);
        const order = compare(sort);
        whole.slice(1).forEach((task, index) => {
          expect(order(whole[index]!, task), `${index}`).to.be.at.most(0);
        });
        for (const limit of [1, 7]) {
          const paged = await all(user, `sort=${sort}`, limit);
          expect(paged.map(({ id }) => id)).to.deep.equal(whole.map(({ id }) => id));
        }
      });
    }

    it('a field that comes again changes nothing', async () => {
      const query = 'sort=priority:desc,priority:asc,priority';
      expect(await titles(user, `?${query}`)).to.deep.equal(await titles(user, '?sort=priority:desc'));
    });

    it('with filters, pages keep to them', async () => {
      const whole = await all(user, 'sort=due_date:desc&status=open&due_after=2000-01-01', 3);
      expect(whole.every((task) => task.status === 'open' && (task.due_date ?? '') > '2000')).to.equal(true);
      const { tasks } = await list(user, '?status=open&limit=200');
      expect(whole).to.have.length(tasks.filter((task) => (task.due_date ?? '') > '2000').length);
    });
  });

  describe('a cursor', () => {
    const user = 'cursor';
    before(() => insertTasks(database.pool, user, 500));
    const cursorOf = async (query: string) => (await list(user, query)).next_cursor ?? '';

    it('shows every task that does not change once, whatever happens to others meanwhile', async () => {
      const query = 'sort=priority:desc,due_date:asc&status=open';
      const before = await all(user, query, 200);
      const seen: string[] = [];
      const touched = new Set<string>();
      for (let cursor: string | null = null, round = 0; ; round += 1) {
        const page = await list(user, `?${query}&limit=10${cursor === null ? '' : `&cursor=${cursor}`}`);
        seen.push(...page.tasks.map(({ id }) => id));
        cursor = page.next_cursor;
        if (cursor === null) break;
        // The very task that the cursor stands on goes, another is completed, one moves to the front, one is new.
        const { rows } = await database.pool.query<{ id: string }>(
          `SELECT id FROM tasks WHERE user_id = $1 AND status = 'open' AND NOT id = ANY ($2) ORDER BY md5(id::text || $3) LIMIT 2`,
          [user, [...touched], round],
        );
        const ids = [page.tasks.at(-1)!.id, ...rows.map((row) => row.id)] as [string, string?, string?];
        for (const id of ids) if (id) touched.add(id);
        await database.pool.query('DELETE FROM tasks WHERE user_id = $1 AND id = $2', [user, ids[0]]);
        await database.pool.query(`UPDATE tasks SET status = 'done' WHERE user_id = $1 AND id = $2`, [user, ids[1]]);
        await database.pool.query(`UPDATE tasks SET priority = 4 WHERE user_id = $1 AND id = $2`, [user, ids[2]]);
        await create(user, { title: `new ${round}`, priority: priorities[round % 5] });
      }
      const steady = before.map(({ id }) => id).filter((id) => !touched.has(id));
      expect(steady).to.have.length.above(50);
      expect(seen.filter((id) => steady.includes(id))).to.deep.equal(steady);
    });

    it('of another list is refused, saying so; another limit is the same list', async () => {
      const cursor = await cursorOf('?sort=title&limit=5');
      for (const other of ['sort=title:desc', 'sort=title&status=open', 'sort=title&q=task', '']) {
        const { problem } = await gateway.call('GET', `/v1/tasks?${other}&cursor=${cursor}`, { user });
        expect([other, problem.code, problem.errors?.[0]?.pointer]).to.deep.equal([other, 'invalid', '/cursor']);
        expect(problem.detail).to.include('another list');
      }
      expect((await list(user, `?sort=title&limit=7&cursor=${cursor}`)).tasks).to.have.length(7);
    });

    it('that was damaged or made up is 400', async () => {
      const cursor = await cursorOf('?limit=5');
      const flipped = cursor.slice(0, 20) + (cursor[20] === 'A' ? 'B' : 'A') + cursor.slice(21);
      for (const wrong of [flipped, cursor.slice(0, -4), 'x', 'AAAAAAAAAAAAAAAAAAAAAAAA', 'MTIz']) {
        const { status, problem } = await gateway.call('GET', `/v1/tasks?cursor=${wrong}`, { user });
        expect([wrong, status, problem.code]).to.deep.equal([wrong, 400, 'unreadable']);
      }
      expect((await gateway.call('GET', '/v1/tasks?cursor=%C3%A4', { user })).status).to.equal(422);
    });

    it('is null on the last page, also when that is full', async () => {
      await insertTasks(database.pool, 'full', 10);
      const first = await list('full', '?limit=5');
      const second = await list('full', `?limit=5&cursor=${first.next_cursor}`);
      expect([second.tasks.length, second.next_cursor]).to.deep.equal([5, null]);
    });
  });
});
