import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { openAuth } from '../../../runtime/auth/open-auth.js';
import { readConfig } from '../../../runtime/config.js';
import { userNames, type Bench } from '../bench.js';
import type { ConnectionsJob, ConnectionsResult, Cost } from '../connections/job.js';
import { fill } from '../fill.js';
import { inspectorUrlOf } from '../inspector.js';
import type { Plan } from '../plan.js';
import { databaseUrlOf } from '../programs.js';
import { someTask } from '../some-tasks.js';
import { quantile } from '../statistics.js';

/** What many connections to the live feed of one process cost. */
export interface ConnectionFigures {
  readonly connections: number;
  readonly connectionsOfUser: number;
  readonly openSeconds: number;
  /** Processor time of letting one client in, in milliseconds, by program. */
  readonly openCost: Cost;
  /** RSS of the whole process without and with them, in bytes. */
  readonly rss: { readonly without: number; readonly with: number };
  /** Of one connection, in bytes: by the process' RSS, and by its heap and what that holds outside, both without garbage. */
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Processor time while nothing happens, in milliseconds a second, by program. */
  readonly idle: { readonly without: Cost; readonly with: Cost };
  readonly changes: number;
  /** Milliseconds until a change has reached all connections of its user. */
  readonly afterAcknowledgement: Quantiles;
  readonly afterRequest: Quantiles;
  /** From the first of them to the last. */
  readonly firstToLast: Quantiles;
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** Files that a process has open besides its connections. */
const otherFiles = 500;

/** @throws Error when this machine does not allow a process as many connections as are planned */
export async function checkOpenFiles({ parts, connections }: Plan): Promise<void> {
  if (!parts.includes('connections')) return;
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -n']);
  const needed = connections.count + otherFiles;
  if (Number(stdout) < needed) {
    throw new Error(
      `${connections.count} connections need ${needed} open files in a process, and ulimit -n allows ${stdout.trim()}; raise it, or leave out the part "connections"`,
    );
  }
}

/** On a system of its own, in which nothing else has left room in memory. */
export async function measureConnections({
  plan,
  programs,
  progress,
  dataDir,
  openPool,
}: Bench): Promise<ConnectionFigures> {
  const { count, ofOneUser, changes, idleSeconds } = plan.connections;
  const step = progress.step(`${count} live connections`);
  const ownDir = `${dataDir}-connections`;
  const system = await programs.startSystem(ownDir, ['--inspect=127.0.0.1:0']);
  const users = userNames('connection', count - ofOneUser + 1);
  const pool = openPool(await databaseUrlOf(ownDir));
  await fill(pool, users, 1);
  await pool.query('VACUUM ANALYZE');
  await pool.end();
  const { issueToken } = await openAuth(readConfig({ DATA_DIR: ownDir }, []));
  const [token = '', ...tokens] = await Promise.all(
    users.map(async (user) => (await issueToken?.({ user, expiresInSeconds: 24 * 3600 })) ?? ''),
  );
  const job: ConnectionsJob = {
    url: system.url,
    inspectorUrl: inspectorUrlOf(system.lines),
    pid: system.pid,
    tokens,
    token,
    connectionsOfUser: ofOneUser,
    body: JSON.stringify(someTask(0)),
    warmUpChanges: 10,
    changes,
    idleSeconds,
  };
  const result = (await programs.run('test/bench/connections/main.js', job)) as ConnectionsResult;
  await system.stop();

  const { without, with: loaded } = result.memory;
  const of = (key: keyof ConnectionsResult['changes'][number]): Quantiles => {
    const sorted = result.changes.map((change) => change[key]).sort((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), most: quantile(sorted, 1) };
  };
  const heap = loaded.heapUsed + loaded.external - without.heapUsed - without.external;
  const figures: ConnectionFigures = {
    connections: result.connections,
    connectionsOfUser: ofOneUser,
    openSeconds: result.openSeconds,
    openCost: result.openCost,
    rss: { without: without.rss, with: loaded.rss },
    rssBytes: (loaded.rss - without.rss) / result.connections,
    heapBytes: heap / result.connections,
    idle: result.idle,
    changes: result.changes.length,
    afterAcknowledgement: of('afterAcknowledgement'),
    afterRequest: of('afterRequest'),
    firstToLast: of('firstToLast'),
  };
  step.done(
    `${(figures.rssBytes / 1000).toFixed(1)} KB each, all of one user after ${figures.afterAcknowledgement.most.toFixed(0)} ms`,
  );
  return figures;
}
