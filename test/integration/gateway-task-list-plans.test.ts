import { expect } from 'chai';
import type { PoolClient } from 'pg';
import { placeOf } from '../../gateway/task-list/cursor.js';
import { taskListQuery } from '../../gateway/task-list/query.js';
import { listStatement, type Statement } from '../../gateway/task-list/statement.js';
import type { Task } from '../../domain/task/task.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { insertTasks } from '../support/task-rows.js';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** What a plan did: rows of `tasks` that it looked at, and how it came to them. */
interface Work {
  rowsRead: number;
  readonly nodes: Set<string>;
}

function workOf(node: PlanNode, work: Work = { rowsRead: 0, nodes: new Set() }): Work {
  work.nodes.add(node['Node Type']);
  if (node['Relation Name'] === 'tasks') work.rowsRead += node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0);
  for (const child of node.Plans ?? []) workOf(child, work);
  return work;
}

describe('a page of 50, of a user with 20,000 tasks among many users', () => {
  let database: TestDatabase;
  before(async function () {
    this.timeout(60_000);
    database = await testDatabase();
    await insertTasks(database.pool, 'many', 20_000);
    for (let user = 0; user < 100; user += 1) await insertTasks(database.pool, `few${user}`, 200);
    await database.pool.query('VACUUM ANALYZE tasks');
  });
  after(() => database.drop());

  function statementOf(parameters: object, after: Task | null = null): Statement {
    const query = taskListQuery.parse(parameters);
    const filter = {
      userId: 'many',
      status: query.status,
      priority: query.priority === null ? null : 4,
      words: query.words,
      dueBefore: query.dueBefore && new Date('2026-03-01'),
      dueAfter: query.dueAfter && new Date('2026-02-01'),
    };
    const place =
      after && placeOf(after, after.due_date === null ? null : Date.parse(`${after.due_date}Z`), query.sort);
    return listStatement(filter, query.sort, place, 51);
  }

  async function explain({ text, values }: Statement, planCacheMode: string): Promise<Work> {
    const client = await database.pool.connect();
    try {
      await client.query(`SET plan_cache_mode = ${planCacheMode}`);
      await client.query(`PREPARE page AS ${text}`);
      const literals = values.map((value) => literal(client, value)).join(', ');
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
        `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE page (${literals})`,
      );
      return workOf(rows[0]!['QUERY PLAN'][0].Plan);
    } finally {
      await client.query('DEALLOCATE ALL; RESET plan_cache_mode');
      client.release();
    }
  }

  function literal(client: PoolClient, value: unknown): string {
    if (value instanceof Date) return client.escapeLiteral(value.toISOString());
    return client.escapeLiteral(Array.isArray(value) ? `{${value.join()}}` : String(value));
  }

  const shapes: [string, object][] = [
    ['in the default order', {}],
    ['of one status', { status: 'done' }],
    ['of the open ones by due date', { status: 'open', sort: 'due_date:asc' }],
    ['of all by due date', { sort: 'due_date:asc' }],
    ['by priority and due date', { sort: 'priority:desc,due_date:asc' }],
    ['of the open ones by priority and due date', { status: 'open', sort: 'priority:desc,due_date:asc' }],
    ['of one priority by due date', { priority: 'urgent', sort: 'due_date' }],
    ['newest first', { sort: 'created_at:desc' }],
    ['due within a month', { due_after: '2026-02-01', due_before: '2026-03-01', sort: 'due_date' }],
  ];
  for (const [what, parameters] of shapes) {
    it(`${what} reads little more than the page, with a plan made for it or for all`, async () => {
      for (const mode of ['force_custom_plan', 'force_generic_plan']) {
        const { rowsRead, nodes } = await explain(statementOf(parameters), mode);
        expect([...nodes], mode).not.to.include.members(['Seq Scan']);
        expect(rowsRead, mode).to.be.within(51, 300);
      }
    });
  }

  for (const [what, parameters] of shapes.slice(0, 8)) {
    it(`${what} reads no more of a page that is far from the beginning`, async () => {
      const { text, values } = statementOf(parameters);
      const far = await database.pool.query<{ task: string }>({
        text: text.replaceAll('LIMIT 51', 'LIMIT 2500'),
        values: [...values],
      });
      const last = JSON.parse(far.rows.at(-1)!.task) as Task;
      for (const mode of ['force_custom_plan', 'force_generic_plan']) {
        const { rowsRead, nodes } = await explain(statementOf(parameters, last), mode);
        expect([...nodes], mode).not.to.include.members(['Seq Scan']);
        expect(rowsRead, mode).to.be.at.most(500);
      }
    });
  }

  it('with a tag that many have reads in order until the page is full', async () => {
    const { rowsRead, nodes } = await explain(statementOf({ tag: ['home'] }), 'auto');
    expect([...nodes]).not.to.include.members(['Seq Scan']);
    expect(rowsRead).to.be.at.most(1_000);
  });

  it('with a rare word reads what has it', async () => {
    const { rowsRead, nodes } = await explain(statementOf({ q: '19998' }), 'auto');
    expect([...nodes]).to.include.members(['Bitmap Index Scan']);
    expect(rowsRead).to.be.at.most(10);
  });
});
