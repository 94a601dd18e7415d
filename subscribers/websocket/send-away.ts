import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { closeCodes } from './close-codes.js';
import type { LiveLimits } from './limits.js';

/**
 * Closes connections with 1001 such that their clients come back one after the other, wherever they come back to: each is
 * closed at its own moment, and where there are too many for the time that a stop has, the reason says how much longer to
 * wait. Until then it is served. Resolves when all are gone.
 */
export async function sendAway(
  connections: ReadonlySet<WebSocket>,
  { returnEveryMs, drainMs, lastFarewellMs }: Pick<LiveLimits, 'returnEveryMs' | 'drainMs' | 'lastFarewellMs'>,
): Promise<void> {
  const all = [...connections];
  const part = Math.min(1, drainMs / (all.length * returnEveryMs));
  const began = performance.now();
  const gone: Promise<unknown>[] = [];
  for (const [place, connection] of all.entries()) {
    const returnAt = place * returnEveryMs;
    const closeAt = returnAt * part;
    const early = closeAt - (performance.now() - began);
    if (early > 1) await sleep(early);
    if (connection.readyState === connection.CLOSED) continue;
    gone.push(new Promise((resolve) => connection.once('close', resolve)));
    connection.close(closeCodes.goingAway, `going away; retry in ${Math.round(returnAt - closeAt)} ms`);
  }
  await Promise.race([Promise.all(gone), sleep(lastFarewellMs, undefined, { ref: false })]);
  for (const connection of connections) connection.terminate();
}
