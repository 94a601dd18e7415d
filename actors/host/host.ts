import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { ActorType } from './actor.js';
import { ActorTable, type HostedType } from './actor-table.js';
import { daprActorConfig } from './dapr-config.js';
import { TurnMetrics, type ActorTypeStats } from './metrics.js';
import { actorRoutes } from './routes.js';

export interface ActorHostOptions {
  readonly types: readonly ActorType[];
  readonly log: Logger;
  /** Must not hold the metrics of another host. */
  readonly metrics: Registry;
  /** How long an actor may go without a call before it is deactivated, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** How long running turns may go on when the host stops or their actor leaves, in milliseconds; 2000 when absent. */
  readonly drainTimeoutMs?: number;
  /** How many calls may wait for one actor, 256 when absent; more are refused as `contended`. */
  readonly mostWaiting?: number;
}

/** Hosts actors by daprd's HTTP contract (Dapr: "Actors API reference", "Dapr calling to user service code"). */
export interface ActorHost {
  /**
   * Takes `/actors/…` and `GET /dapr/config`, of callers that `requireAppToken` let through. It answers on the bare
   * response and returns at once: what is mounted before it sees neither a body nor the end of the turn.
   */
  routes(): Middleware;
  /** The answer to `GET /dapr/config`. */
  config(): object;
  /** What is in memory now, for each actor type. */
  stats(): readonly ActorTypeStats[];
  /**
   * Refuses waiting and new calls as `unavailable`. Resolves when the running turns have ended, each answered; those
   * that take longer than `drainTimeoutMs` are aborted.
   */
  drain(): Promise<void>;
}

/** Makes the one host of a process. @throws Error when two types have the same name */
export function createActorHost(options: ActorHostOptions): ActorHost {
  const { idleTimeoutMs, drainTimeoutMs = 2000, mostWaiting = 256 } = options;
  const metrics = new TurnMetrics(options.metrics, stats);
  const types = new Map<string, HostedType>();
  for (const type of options.types) {
    if (types.has(type.name)) throw new Error(`two actor types are called ${type.name}`);
    types.set(
      type.name,
      type.use<HostedType>((definition) => new ActorTable(definition, metrics, options.log, mostWaiting)),
    );
  }
  const config = daprActorConfig({ types: [...types.keys()], idleTimeoutMs, drainTimeoutMs });
  const routes = actorRoutes({ types, config, deactivationTimeoutMs: drainTimeoutMs });
  // daprd deactivates what is idle; but one that started anew, or held us for dead meanwhile, has forgotten its actors.
  const sweeper = setInterval(() => {
    for (const type of types.values()) type.sweep();
  }, idleTimeoutMs * 2).unref();

  return { routes: () => routes, config: () => config, stats, drain };

  function stats(): readonly ActorTypeStats[] {
    return [...types.values()].map((type) => type.stats());
  }

  async function drain(): Promise<void> {
    clearInterval(sweeper);
    const timer = setTimeout(() => {
      for (const type of types.values()) type.abortRunning();
    }, drainTimeoutMs);
    await Promise.all([...types.values()].map((type) => type.drain()));
    clearTimeout(timer);
  }
}
