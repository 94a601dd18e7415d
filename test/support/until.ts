import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `condition` holds. @throws Error that names `what` when it does not within the time */
export async function until(what: string, condition: () => unknown, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(10);
  }
}
