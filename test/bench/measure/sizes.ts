import { randomUUID } from 'node:crypto';
import { drain } from '../backlog.js';
import { userNames, type Bench } from '../bench.js';
import { fill } from '../fill.js';
import type { LoadJob, LoadResult } from '../load/job.js';
import { someTask } from '../some-tasks.js';
import { spreadOf, type Spread } from '../statistics.js';

/** What one user's create and list cost, by how many tasks the user has. One connection. */
export interface SizeFigures {
  readonly tasks: number;
  readonly create: SizeFigure;
  readonly list: SizeFigure;
}

export interface SizeFigure {
  readonly requestsPerSecond: Spread;
  readonly p50: Spread;
  /** Requests a second to those at the first size, of each round. */
  readonly toFirst: Spread;
}

const kinds = ['create', 'list'] as const;
type Results = Record<(typeof kinds)[number], LoadResult[]>;

export async function measureSizes({ plan, programs, progress, running, pool, tokens }: Bench): Promise<SizeFigures[]> {
  const { sizes } = plan;
  const step = progress.step(`users with ${sizes.join(', ')} tasks`);
  const users = await Promise.all(
    sizes.map(async (tasks) => {
      const [user = ''] = userNames(`size-${tasks}`, 1);
      await fill(pool, [user], tasks);
      const results: Results = { create: [], list: [] };
      return { tasks, tokens: await tokens([user]), results };
    }),
  );
  await pool.query('VACUUM ANALYZE');
  const loads: Record<(typeof kinds)[number], LoadJob['calls']> = {
    create: Array.from({ length: 100 }, (_, number) => {
      return { method: 'POST', path: '/v1/tasks', user: 0, body: JSON.stringify(someTask(number)) };
    }),
    list: [{ method: 'GET', path: '/v1/tasks?status=open&tag=home&sort=priority:desc,due_date:asc&limit=50', user: 0 }],
  };
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const kind of kinds) {
      for (const user of round % 2 === 0 ? users : users.toReversed()) {
        const result = await programs.load({
          url: running.dapr.url,
          connections: 1,
          tokens: user.tokens,
          calls: loads[kind],
          once: false,
          keyPrefix: kind === 'create' ? randomUUID() : null,
          warmUp: plan.warmUpSeconds,
          seconds: plan.seconds,
        });
        user.results[kind].push(result);
        await drain(pool);
      }
    }
  }
  step.done();
  const first = users[0]?.results;
  return users.map(({ tasks, results }) => {
    const figure = (kind: (typeof kinds)[number]): SizeFigure => ({
      requestsPerSecond: spreadOf(results[kind].map((result) => result.requestsPerSecond)),
      p50: spreadOf(results[kind].map((result) => result.p50)),
      toFirst: spreadOf(
        results[kind].map(
          (result, round) => result.requestsPerSecond / (first?.[kind][round]?.requestsPerSecond ?? NaN),
        ),
      ),
    });
    return { tasks, create: figure('create'), list: figure('list') };
  });
}
