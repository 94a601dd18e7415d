import type { TodoError } from '../../domain/errors.js';

/** Something that waits for its turn. */
export interface Queued {
  /** Does the work. Never rejects. */
  run(): Promise<void>;
  /** Called instead of `run` when it will not come to that. */
  refuse(error: TodoError): void;
  /** Asks it to end before it is done. */
  abort(): void;
}

/** Lets one run at a time, in the order in which they came. */
export abstract class TurnQueue {
  #running: Queued | undefined;
  // Most actors never have anybody waiting, and there are many actors: no list until it is needed.
  #waiting: Queued[] | undefined;
  #untilIdle: Promise<void> | undefined;

  get running(): Queued | undefined {
    return this.#running;
  }

  /** How many have not run yet. */
  get waiting(): number {
    return this.#waiting?.length ?? 0;
  }

  /** Resolves when nothing runs or waits; undefined when that is so now. */
  get untilIdle(): Promise<void> | undefined {
    return this.#untilIdle;
  }

  /** Runs it now when nothing runs, else after all that came before. */
  add(queued: Queued): void {
    if (this.#running) (this.#waiting ??= []).push(queued);
    else this.#untilIdle = this.#runFrom(queued);
  }

  /** Takes it back before it has run. */
  withdraw(queued: Queued): void {
    const at = this.#waiting?.indexOf(queued) ?? -1;
    if (at >= 0) this.#waiting?.splice(at, 1);
  }

  /** Refuses all that have not run, in their order. */
  refuseWaiting(error: TodoError): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const queued of waiting ?? []) queued.refuse(error);
  }

  /** Called when the last has run and nobody waits. */
  protected abstract onIdle(): void;

  async #runFrom(first: Queued): Promise<void> {
    for (let next: Queued | undefined = first; next; next = this.#waiting?.shift()) {
      this.#running = next;
      await next.run();
    }
    this.#running = undefined;
    this.#waiting = undefined;
    this.#untilIdle = undefined;
    this.onIdle();
  }
}
