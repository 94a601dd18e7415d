import { setTimeout as sleep } from 'node:timers/promises';
import { loopback } from './ports.js';

const pollMs = 20;
const answerTimeoutMs = 2_000;

/** Resolves when GET /healthz answers 2xx; rejects when the signal aborts. */
export async function healthy(port: number, signal: AbortSignal): Promise<void> {
  await until(signal, async (within) => {
    const answer = await fetch(`http://${loopback}:${port}/healthz`, { signal: within });
    await answer.arrayBuffer();
    return answer.ok;
  });
}

/**
 * Resolves when the sidecar serves and, where the app hosts actors, placement knows them (Dapr's metadata API); rejects
 * when the signal aborts.
 */
export async function daprdReady(port: number, apiToken: string, signal: AbortSignal): Promise<void> {
  const url = `http://${loopback}:${port}/v1.0`;
  await until(signal, async (within) => {
    const health = await fetch(`${url}/healthz`, { signal: within });
    await health.arrayBuffer();
    if (!health.ok) return false;
    const metadata = await fetch(`${url}/metadata`, { headers: { 'dapr-api-token': apiToken }, signal: within });
    return metadata.ok && hasItsActors(await metadata.json());
  });
}

function hasItsActors(metadata: unknown): boolean {
  if (typeof metadata !== 'object' || metadata === null || !('actorRuntime' in metadata)) return false;
  const actors = metadata.actorRuntime;
  if (typeof actors !== 'object' || actors === null || !('runtimeStatus' in actors)) return false;
  if (actors.runtimeStatus === 'DISABLED') return true;
  return actors.runtimeStatus === 'RUNNING' && 'hostReady' in actors && actors.hostReady === true;
}

/** Asks until the answer is yes; rejects when the signal aborts. A question that fails is a no: nobody listens there yet. */
export async function until(signal: AbortSignal, isSo: (within: AbortSignal) => Promise<boolean>): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const within = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]);
    if (await isSo(within).catch(() => false)) return;
    await sleep(pollMs, undefined, { signal });
  }
}
