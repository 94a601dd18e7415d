import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ErrorCode } from '../../domain/errors.js';

/** How a turn ended; `aborted` where the caller had gone or the host gave it up. */
export type Outcome = 'ok' | 'aborted' | ErrorCode;

/** What is counted of an actor type at this moment. */
export interface ActorTypeStats {
  readonly type: string;
  /** Actors in memory. */
  readonly active: number;
  /** Actors in the middle of a turn. */
  readonly busy: number;
  /** Calls that wait for a turn. */
  readonly waiting: number;
}

const secondBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5];

/** The metrics of one host. Every label has few values: methods are those of the definitions, never what was asked for. */
export class TurnMetrics {
  readonly #turns;
  readonly #duration;
  readonly #wait;

  /** @param stats asked for at each scrape */
  constructor(registry: Registry, stats: () => readonly ActorTypeStats[]) {
    const registers = [registry];
    this.#turns = new Counter({
      name: 'todo_actor_turns_total',
      help: 'Turns of actors by how they ended',
      labelNames: ['type', 'method', 'outcome'] as const,
      registers,
    });
    this.#duration = new Histogram({
      name: 'todo_actor_turn_seconds',
      help: 'How long turns took, without waiting',
      labelNames: ['type', 'method'] as const,
      buckets: secondBuckets,
      registers,
    });
    this.#wait = new Histogram({
      name: 'todo_actor_turn_wait_seconds',
      help: 'How long turns waited for those before them',
      labelNames: ['type'] as const,
      buckets: secondBuckets,
      registers,
    });
    new Gauge({
      name: 'todo_actors_active',
      help: 'Actors in memory',
      labelNames: ['type'] as const,
      registers,
      collect() {
        for (const { type, active } of stats()) this.set({ type }, active);
      },
    });
  }

  /** @param seconds that the turn ran, where it did */
  ended(type: string, method: string, outcome: Outcome, seconds?: number): void {
    this.#turns.inc({ type, method, outcome });
    if (seconds !== undefined) this.#duration.observe({ type, method }, seconds);
  }

  waited(type: string, seconds: number): void {
    this.#wait.observe({ type }, seconds);
  }
}
