import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { pino } from 'pino';
import { Rezoner } from '../../actors/rezone/rezoner.js';
import { tasksToRezone, usersToRezone } from '../../actors/rezone/sql.js';
import type { TaskCommand, TaskFields } from '../../domain/task/commands.js';
import type { Task } from '../../domain/task/task.js';
import { ensureUser, writeSettings } from '../../gateway/sql/user-settings.js';
import { actorsOn } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';

describe('a user who changes the zone', () => {
  let database: TestDatabase;
  let rezoner: Rezoner;
  let user: string;
  /** Tasks that were told, in order. */
  let told: string[];
  let refused: Set<string>;
  const command = (taskId: string, what: TaskCommand) =>
    actorsOn(database.pool)(user, taskId, { command: what, actor: 'rest', idempotency: null });

  before(async () => (database = await testDatabase()));
  after(() => database.drop());
  beforeEach(async () => {
    user = `user-${randomUUID()}`;
    told = [];
    refused = new Set();
    await ensureUser(database.pool, [user]);
    rezoner = new Rezoner({
      pool: database.pool,
      log: pino({ level: 'silent' }),
      command: (userId, taskId, envelope) => {
        told.push(taskId);
        if (refused.has(taskId)) return Promise.reject(new Error('it refuses'));
        return actorsOn(database.pool)(userId, taskId, envelope);
      },
    });
  });
  afterEach(() => rezoner.stop());

  async function create(more: Partial<TaskFields> = {}): Promise<Task> {
    const fields: TaskFields = {
      title: 'Pay rent',
      description: '',
      priority: 'none',
      tags: [],
      due_date: '2036-11-30T09:00',
      time_zone: null,
      recurrence: null,
      reminders: [{ before: 'PT1H' }],
      ...more,
    };
    const { task } = await command(randomUUID(), { op: 'create', fields });
    if (!task) throw new Error('there is no task');
    return task;
  }
  const moveTo = (zone: string) => writeSettings(database.pool, [user, zone, '{}']);
  const isDone = async (): Promise<boolean> =>
    (await usersToRezone(database.pool, ['-infinity', '', 10])).every(({ user_id }) => user_id !== user);
  async function zoneOf({ id }: Task): Promise<string | undefined> {
    const { rows } = await database.pool.query<{ time_zone: string }>(
      'SELECT time_zone FROM tasks WHERE user_id = $1 AND id = $2',
      [user, id],
    );
    return rows[0]?.time_zone;
  }
  async function pending(): Promise<string[]> {
    const { rows } = await database.pool.query<{ due_at: Date }>(
      `SELECT due_at FROM reminders WHERE user_id = $1 AND status = 'pending' ORDER BY due_at`,
      [user],
    );
    return rows.map(({ due_at }) => due_at.toISOString());
  }

  it('takes along the open tasks that go by it, with their reminders, and no others', async () => {
    const floating = await create();
    const fixed = await create({ time_zone: 'Asia/Tokyo' });
    const done = await create();
    await command(done.id, { op: 'complete', expected_versions: null });
    await moveTo('America/New_York');
    rezoner.request();
    await until('all are told', isDone);
    expect(told).to.deep.equal([floating.id]);
    expect(await zoneOf(floating)).to.equal('America/New_York');
    expect(await zoneOf(fixed)).to.equal('Asia/Tokyo');
    expect(await zoneOf(done)).to.equal('UTC');
    expect(await pending()).to.deep.equal(['2036-11-29T23:00:00.000Z', '2036-11-30T13:00:00.000Z']);
  });

  it('takes along a task that was done then, when it is open again', async () => {
    const task = await create();
    await command(task.id, { op: 'complete', expected_versions: null });
    await moveTo('America/New_York');
    rezoner.request();
    await until('none is left', isDone);
    await command(task.id, { op: 'reopen', expected_versions: null });
    await rezoner.reopened(user, task.id);
    await until('it is told', isDone);
    expect(await zoneOf(task)).to.equal('America/New_York');
    await rezoner.reopened(user, task.id);
    expect(told).to.deep.equal([task.id]);
  });

  it('has it gone on with where it was broken off, and tells nobody twice who knows', async () => {
    const tasks: Task[] = [];
    for (let index = 0; index < 5; index += 1) tasks.push(await create());
    const [, , third] = tasks;
    await moveTo('Europe/Berlin');
    refused.add(third?.id ?? '');
    rezoner.request();
    await until('it was refused twice', () => told.filter((id) => id === third?.id).length > 1);
    expect(await isDone()).to.equal(false);
    refused.clear();
    await until('all are told', isDone);
    for (const task of tasks) {
      expect(await zoneOf(task)).to.equal('Europe/Berlin');
      if (task !== third) expect(told.filter((id) => id === task.id)).to.have.length(1);
    }
  });

  it('and back does nothing, and a change meanwhile is not forgotten', async () => {
    const task = await create();
    await moveTo('Europe/Berlin');
    await moveTo('UTC');
    rezoner.request();
    await until('it was looked at', isDone);
    expect(told).to.deep.equal([]);
    await moveTo('Asia/Tokyo');
    const [before] = await usersToRezone(database.pool, ['-infinity', '', 10]);
    await moveTo('Europe/Berlin');
    const [after] = await usersToRezone(database.pool, ['-infinity', '', 10]);
    expect(after?.since).not.to.equal(before?.since);
    rezoner.request();
    await until('all are told', isDone);
    expect(await zoneOf(task)).to.equal('Europe/Berlin');
  });

  it('leaves it as it is by a change of something else', async () => {
    await create();
    await moveTo('UTC');
    expect(await isDone()).to.equal(true);
  });

  it('is found by an index, and so are the tasks', async () => {
    const client = await database.pool.connect();
    try {
      await client.query('SET enable_seqscan = off');
      const explain = async (run: typeof usersToRezone | typeof tasksToRezone, values: unknown[]): Promise<string> => {
        const lines: string[] = [];
        await run(
          {
            query: async ({ text }: { text: string }) => {
              await client.query(`PREPARE explained AS ${text}`);
              const literals = values.map((value) => client.escapeLiteral(String(value))).join(', ');
              const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE explained (${literals})`);
              lines.push(...rows.map((row) => row['QUERY PLAN']));
              await client.query('DEALLOCATE explained');
              return { rows: [] };
            },
          } as never,
          values,
        );
        return lines.join('\n');
      };
      expect(await explain(usersToRezone, ['-infinity', '', 10])).to.include('users_to_rezone');
      const values = [user, 'UTC', '-infinity', '00000000-0000-0000-0000-000000000000', 10];
      expect(await explain(tasksToRezone, values)).to.match(/Index Cond: \(\(user_id = .* AND \(status = /);
    } finally {
      await client.query('RESET enable_seqscan');
      client.release();
    }
  });
});
