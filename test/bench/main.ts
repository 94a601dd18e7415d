import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openAuth } from '../../runtime/auth/open-auth.js';
import { readConfig } from '../../runtime/config.js';
import { createLifecycle } from '../../runtime/lifecycle.js';
import { packageRoot } from '../../runtime/package-root.js';
import { createPool } from '../../runtime/postgres/pool.js';
import { createProgress } from '../../runtime/progress.js';
import type { Bench } from './bench.js';
import { describeMachine } from './machine.js';
import { checkOpenFiles, measureConnections } from './measure/connections.js';
import { measureDrain } from './measure/drain.js';
import { measureEvents } from './measure/events.js';
import { measureIdleMemory } from './measure/idle-memory.js';
import { measureLive } from './measure/live.js';
import { measureReminders } from './measure/reminders.js';
import { measureRest } from './measure/rest.js';
import { measureSizes } from './measure/sizes.js';
import { measureSlots } from './measure/slots.js';
import { measureStarts } from './measure/starts.js';
import { measureSuccessor } from './measure/successor.js';
import { memoryOf } from './memory.js';
import { readPlan, type Part } from './plan.js';
import { watchOthers } from './processes.js';
import { databaseUrlOf, Programs } from './programs.js';
import { render, type Results } from './report.js';

const log = pino({ level: 'warn', base: null }, pino.destination({ dest: 2, sync: true }));
const lifecycle = createLifecycle({ log, limitMs: 30_000 });

await lifecycle.run(async () => {
  const plan = readPlan(process.argv.slice(2));
  await checkOpenFiles(plan);
  const progress = createProgress(process.stdout);
  const folder = await mkdtemp(join(tmpdir(), 'todo-chatbot-bench-'));
  lifecycle.opened('the folder of this run', () => rm(folder, { recursive: true, force: true }), { limitMs: 30_000 });
  const dataDir = join(folder, 'data');
  const programs = new Programs(lifecycle, folder);

  const { figures: starts, system } = await measureStarts(programs, progress, dataDir, plan.warmStarts);
  const databaseUrl = await databaseUrlOf(dataDir);
  const openPool = (url: string) =>
    createPool(url, { max: 8, applicationName: 'bench', log, statementTimeoutMs: 600_000 });
  const pool = openPool(databaseUrl);
  lifecycle.opened('the database connections', () => pool.end());
  const plain = await programs.startPlain(dataDir, databaseUrl);
  const { issueToken } = await openAuth(readConfig({ DATA_DIR: dataDir }, []));
  const bench: Bench = {
    plan,
    programs,
    progress,
    dataDir,
    pool,
    openPool,
    running: { dapr: system, plain },
    tokens: (users) =>
      Promise.all(users.map(async (user) => (await issueToken?.({ user, expiresInSeconds: 24 * 3600 })) ?? '')),
  };
  const measured = async <T>(part: Part, measure: (bench: Bench) => Promise<T> | T): Promise<T | null> =>
    plan.parts.includes(part) ? await measure(bench) : null;

  const othersMeanwhile = await watchOthers(process.pid);
  const results: Results = {
    machine: await describeMachine(pool, folder, system.lines),
    plan,
    starts,
    fresh: await memoryOf(system.pid),
    rest: await measured('rest', measureRest),
    live: await measured('live', measureLive),
    sizes: await measured('sizes', measureSizes),
    memory: await measured('memory', measureIdleMemory),
    connections: await measured('connections', measureConnections),
    drain: await measured('drain', measureDrain),
    events: await measured('events', measureEvents),
    successor: await measured('successor', measureSuccessor),
    reminders: await measured('reminders', measureReminders),
    slots: await measured('slots', measureSlots),
    otherCores: await othersMeanwhile(),
    finishedAt: new Date().toISOString(),
  };
  const text = render(results);
  process.stdout.write(`\n${text}\n`);
  const kept = join(packageRoot, 'bench', 'results');
  await mkdir(kept, { recursive: true });
  const name = plan.isQuick ? 'quick' : 'latest';
  await writeFile(join(kept, `${name}.json`), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(join(kept, `${name}.md`), text);
  void lifecycle.stop('all is measured');
});
