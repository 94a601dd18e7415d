import { setTimeout as sleep } from 'node:timers/promises';

const longestSeconds = 600;

/** How many Task actors the system has in memory, by its own metrics. */
export async function activeActors(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^todo_actors_active\{type="Task"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** Waits until all of them have left memory by themselves. @returns how long that took, in seconds */
export async function untilDeactivated(url: string): Promise<number> {
  const began = performance.now();
  for (;;) {
    const active = await activeActors(url);
    const seconds = (performance.now() - began) / 1000;
    if (active === 0) return seconds;
    if (seconds > longestSeconds) throw new Error(`${active} actors are still in memory after ${longestSeconds} s`);
    await sleep(500);
  }
}
