import { TurnQueue, type Queued } from './turn-queue.js';

/** What the activations of a type have in common. */
export interface ActivationOwner<A extends object> {
  activate(id: string): A;
  deactivated(id: string, actor: A): void;
  /** No turn runs or waits any more. */
  idle(activation: Activation<A>): void;
}

/** One actor, as far as it is in memory: its object, and the turns that want it. */
export class Activation<A extends object> extends TurnQueue {
  /** Whether a turn came since the last sweep. */
  isFresh = true;
  #actor: A | undefined;

  constructor(
    readonly id: string,
    private readonly owner: ActivationOwner<A>,
  ) {
    super();
  }

  get isActive(): boolean {
    return this.#actor !== undefined;
  }

  /** The actor's object, made at its first use. Only for the turn that runs. */
  get actor(): A {
    return (this.#actor ??= this.owner.activate(this.id));
  }

  /** Drops the actor's object. Only while no turn runs. */
  deactivate(): void {
    const actor = this.#actor;
    this.#actor = undefined;
    if (actor) this.owner.deactivated(this.id, actor);
  }

  protected override onIdle(): void {
    this.owner.idle(this);
  }
}

/** The deactivation of a busy actor: it waits like a turn. */
export class WaitingDeactivation implements Queued {
  constructor(
    private readonly activation: { deactivate(): void },
    private readonly done: () => void,
  ) {}

  run(): Promise<void> {
    this.activation.deactivate();
    this.done();
    return Promise.resolve();
  }

  refuse(): void {
    this.done(); // The host stops: all memory is freed soon.
  }

  abort(): void {
    // It takes no time that could be saved.
  }
}
