import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { drain } from '../backlog.js';
import { userNames, type Bench } from '../bench.js';
import { fill } from '../fill.js';
import { memoryOf, type ProgramMemory } from '../memory.js';

/** Memory of the system's programs around a load that touched many tasks. */
export interface MemoryFigures {
  readonly touchedTasks: number;
  /** Actors in memory right after the load. */
  readonly activeActors: number;
  readonly afterLoad: readonly ProgramMemory[];
  /** Until the last actor was deactivated. */
  readonly idleSeconds: number;
  readonly afterIdle: readonly ProgramMemory[];
}

const longestIdleSeconds = 600;

/** Completes many tasks, each once, then waits until their actors have left memory by themselves. */
export async function measureIdleMemory(bench: Bench): Promise<MemoryFigures> {
  const { plan, programs, progress, running, pool, tokens } = bench;
  const { url, pid } = running.dapr;
  const step = progress.step(`memory after ${plan.touchedTasks} tasks`);
  const users = userNames('touch', plan.users);
  const tasks = await fill(pool, users, plan.touchedTasks / plan.users);
  await programs.load({
    url,
    connections: 32,
    tokens: await tokens(users),
    calls: tasks.map(({ user, id }) => ({ method: 'POST', path: `/v1/tasks/${id}/complete`, user })),
    once: true,
    keyPrefix: randomUUID(),
    warmUp: 0,
    seconds: 0,
  });
  const began = performance.now();
  const activeActors = await activeActorsOf(url);
  const afterLoad = await memoryOf(pid);
  await drain(pool);
  while ((await activeActorsOf(url)) > 0) {
    if (performance.now() - began > longestIdleSeconds * 1000) throw new Error('actors are not deactivated');
    await sleep(1_000);
  }
  const idleSeconds = (performance.now() - began) / 1000;
  const afterIdle = await memoryOf(pid);
  const node = afterIdle.find(({ name }) => name === 'node')?.mebibytes ?? 0;
  step.done(`node ${node.toFixed(0)} MiB`);
  return { touchedTasks: tasks.length, activeActors, afterLoad, idleSeconds, afterIdle };
}

async function activeActorsOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^todo_actors_active\{type="Task"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}
