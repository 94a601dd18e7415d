import { randomUUID } from 'node:crypto';
import { activeActors, untilDeactivated } from '../actors.js';
import { drain } from '../backlog.js';
import { userNames, type Bench } from '../bench.js';
import { fill } from '../fill.js';
import { memoryOf, type ProgramMemory } from '../memory.js';
import { familySeconds } from '../processes.js';

/** Memory of the system's programs around a load that touched many tasks. */
export interface MemoryFigures {
  readonly touchedTasks: number;
  /** Actors in memory right after the load. */
  readonly activeActors: number;
  readonly afterLoad: readonly ProgramMemory[];
  /** Until the last actor was deactivated. */
  readonly idleSeconds: number;
  /** Processor time of all programs until then, by touched task. */
  readonly cpuMicroseconds: number;
  readonly afterIdle: readonly ProgramMemory[];
}

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
  const active = await activeActors(url);
  const afterLoad = await memoryOf(pid);
  await drain(pool);
  const before = await familySeconds(pid);
  const idleSeconds = await untilDeactivated(url);
  const cpuMicroseconds = (((await familySeconds(pid)) - before) / tasks.length) * 1e6;
  const afterIdle = await memoryOf(pid);
  const node = afterIdle.find(({ name }) => name === 'node')?.mebibytes ?? 0;
  step.done(`node ${node.toFixed(0)} MiB`);
  return { touchedTasks: tasks.length, activeActors: active, afterLoad, idleSeconds, cpuMicroseconds, afterIdle };
}
