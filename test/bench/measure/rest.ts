import { randomUUID } from 'node:crypto';
import { untilDeactivated } from '../actors.js';
import { drain, type Lag } from '../backlog.js';
import { targets, userNames, type Bench, type Target } from '../bench.js';
import { fill, type MadeTask } from '../fill.js';
import type { LoadJob, LoadResult } from '../load/job.js';
import { connectionCounts, type CallName, type Connections } from '../plan.js';
import { cpuSecondsOf } from '../processes.js';
import { someTask } from '../some-tasks.js';
import { spreadOf, type Spread } from '../statistics.js';

/** One call at one number of connections. */
export interface RestFigures {
  readonly call: CallName;
  readonly connections: Connections;
  readonly targets: Readonly<Record<Target, CallFigures>>;
  /** Requests a second of the system with Dapr to those of the plain one, of each round. */
  readonly ratio: Spread;
  /** Processor time of the plain one for a request to that of the system with Dapr. */
  readonly cpuRatio: number;
  /** What the subscribers had left when the load on the system with Dapr ended. */
  readonly lag: { readonly events: Spread; readonly seconds: Spread };
}

export interface CallFigures {
  readonly requestsPerSecond: Spread;
  readonly p50: Spread;
  readonly p99: Spread;
  /** Processor time of each program for one request, in microseconds: median of the rounds. */
  readonly cpuMicroseconds: Readonly<Record<string, number>>;
}

interface Round extends LoadResult {
  readonly cpuMicroseconds: Readonly<Record<string, number>>;
}

type Load = Omit<LoadJob, 'url' | 'connections' | 'tokens' | 'warmUp' | 'seconds' | 'keyPrefix'>;

const listPath = '/v1/tasks?status=open&tag=home&sort=priority:desc,due_date:asc&limit=50';
const listUsers = 5;

/** Measures all calls in rounds: in each, one system and then the other, every second time the other way round. */
export async function measureRest(bench: Bench): Promise<RestFigures[]> {
  const { plan, progress, programs, pool, running } = bench;
  const step = progress.step('tasks to complete, read and list');
  const scenes = {
    dapr: await prepare(bench, 'dapr'),
    plain: await prepare(bench, 'plain'),
  };
  await pool.query('VACUUM ANALYZE');
  step.done();

  const figures: RestFigures[] = [];
  for (const call of plan.calls) {
    for (const connections of connectionCounts) {
      const step = progress.step(`${call}, ${connections} connections`);
      const results: Record<Target, Round[]> = { dapr: [], plain: [] };
      const lags: Lag[] = [];
      for (let round = 0; round < plan.rounds; round += 1) {
        for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
          const { users, tokens, load } = scenes[target];
          const job = load(call, connections);
          const before = await cpuSeconds(bench);
          const result = await programs.load({
            ...job,
            url: running[target].url,
            connections,
            tokens: call === 'list' ? users.list : tokens,
            keyPrefix: call === 'create' || call === 'complete' ? randomUUID() : null,
            warmUp: job.once ? warmUpOf(plan.completions[connections]) : plan.warmUpSeconds,
            seconds: plan.seconds,
          });
          const lag = await drain(pool);
          const after = await cpuSeconds(bench);
          // Nor shall the actors of this round be deactivated in the middle of the next.
          if (!plan.isQuick) await untilDeactivated(running.dapr.url);
          results[target].push({ ...result, cpuMicroseconds: perRequest(before, after, result.requestsInAll) });
          if (target === 'dapr') lags.push(lag);
        }
      }
      const figure = summarise(call, connections, results, lags);
      figures.push(figure);
      step.done(
        `${figure.targets.dapr.requestsPerSecond.median.toFixed(0)}/s, plain ${figure.targets.plain.requestsPerSecond.median.toFixed(0)}/s, ratio ${figure.ratio.median.toFixed(2)}`,
      );
    }
  }
  return figures;
}

/** The requests of each call to one of the systems. */
async function prepare({ plan, pool, tokens }: Bench, target: Target) {
  const { users, rounds, completions } = plan;
  const supply = connectionCounts.reduce((sum, count) => sum + completions[count] + warmUpOf(completions[count]), 0);
  const creators = userNames(`create-${target}`, users);
  const completers = userNames(`complete-${target}`, users);
  const listers = userNames('list', listUsers);
  const open = await fill(pool, completers, Math.ceil((supply * rounds) / users));
  const { rows } = await pool.query('SELECT FROM users WHERE user_id = $1', [listers[0]]);
  if (rows.length === 0) await fill(pool, listers, plan.listedTasks);

  const load = (call: CallName, connections: Connections): Load => {
    switch (call) {
      case 'create':
        return { once: false, calls: creators.map((_, user) => createCall(user)) };
      case 'complete': {
        const count = completions[connections] + warmUpOf(completions[connections]);
        return { once: true, calls: open.splice(0, count).map(completeCall) };
      }
      case 'get':
        return { once: false, calls: shuffled(readable).map(getCall) };
      case 'list':
        return { once: false, calls: listers.map((_, user) => ({ method: 'GET', path: listPath, user })) };
    }
  };
  const readable = open.slice(0, 10_000).map(({ user, id }) => ({ user: user + users, id }));
  return {
    users: { list: await tokens(listers) },
    // Creators first, then those who complete.
    tokens: [...(await tokens(creators)), ...(await tokens(completers))],
    load,
  };

  function completeCall({ user, id }: MadeTask): Load['calls'][number] {
    return { method: 'POST', path: `/v1/tasks/${id}/complete`, user: user + users };
  }
}

/** Of every program so far; what the plain one spends has a name of its own, PostgreSQL and daprd belong to the system. */
async function cpuSeconds({ running }: Bench): Promise<ReadonlyMap<string, number>> {
  const plain = await cpuSecondsOf(running.plain.pid);
  return new Map([...(await cpuSecondsOf(running.dapr.pid)), ['plain node', plain.get('node') ?? 0]]);
}

function perRequest(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  requests: number,
): Record<string, number> {
  return Object.fromEntries(
    [...after].map(([name, seconds]) => [name, ((seconds - (before.get(name) ?? 0)) / requests) * 1e6]),
  );
}

function createCall(user: number): Load['calls'][number] {
  return { method: 'POST', path: '/v1/tasks', user, body: JSON.stringify(someTask(user)) };
}

function getCall({ user, id }: MadeTask): Load['calls'][number] {
  return { method: 'GET', path: `/v1/tasks/${id}`, user };
}

function warmUpOf(requests: number): number {
  return Math.ceil(requests / 10);
}

/** In an order of no meaning that is the same every time. */
function shuffled<T>(values: readonly T[]): T[] {
  const step = 7919;
  return values.map((_, index) => values[(index * step) % values.length] as T);
}

function summarise(
  call: CallName,
  connections: Connections,
  results: Readonly<Record<Target, readonly Round[]>>,
  lags: readonly Lag[],
): RestFigures {
  const of = (target: Target): CallFigures => ({
    requestsPerSecond: spreadOf(results[target].map((result) => result.requestsPerSecond)),
    p50: spreadOf(results[target].map((result) => result.p50)),
    p99: spreadOf(results[target].map((result) => result.p99)),
    cpuMicroseconds: Object.fromEntries(
      Object.keys(results[target][0]?.cpuMicroseconds ?? {}).map((name) => [
        name,
        spreadOf(results[target].map(({ cpuMicroseconds }) => cpuMicroseconds[name] ?? 0)).median,
      ]),
    ),
  });
  const ratios = results.dapr.map((result, round) => {
    return result.requestsPerSecond / (results.plain[round]?.requestsPerSecond ?? NaN);
  });
  const measured = { dapr: of('dapr'), plain: of('plain') };
  return {
    call,
    connections,
    targets: measured,
    ratio: spreadOf(ratios),
    cpuRatio: sumOf(measured.plain.cpuMicroseconds) / sumOf(measured.dapr.cpuMicroseconds),
    lag: { events: spreadOf(lags.map((lag) => lag.events)), seconds: spreadOf(lags.map((lag) => lag.seconds)) },
  };
}

/** Of all programs together. */
export function sumOf(cpuMicroseconds: CallFigures['cpuMicroseconds']): number {
  return Object.values(cpuMicroseconds).reduce((total, part) => total + part, 0);
}
