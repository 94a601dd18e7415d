import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { TodoError } from '../../domain/errors.js';
import type { ActorDefinition } from './actor.js';
import { Activation, WaitingDeactivation, type ActivationOwner } from './activation.js';
import type { ActorPath } from './actor-path.js';
import { HostedTurn, type TurnTable, type Work } from './hosted-turn.js';
import type { ActorTypeStats, TurnMetrics } from './metrics.js';
import type { BodyReader } from './read-json.js';
import { readReminderTick, readTimerTick } from './tick.js';

const stopping = new TodoError('unavailable', 'This part of the system is stopping. Try again.');
const contended = new TodoError('contended', 'Too many calls wait for this actor already. Try again later.');

/** A call that has arrived, but for its body. */
export interface ArrivedCall extends BodyReader {
  /** Its caller has gone, at whatever time. */
  abort(): void;
}

/** The actors of one type, whatever their objects are. */
export interface HostedType {
  /** @returns undefined when the type has nothing of that name */
  arrive(path: ActorPath, response: ServerResponse): ArrivedCall | undefined;
  /** Frees the memory of an actor. @returns undefined when that is done, a promise when turns have to end first */
  deactivate(id: string): Promise<void> | undefined;
  /** Frees the actors that had no turn since the last sweep. */
  sweep(): void;
  /** Refuses what waits and what comes. @returns when the running turns have ended */
  drain(): Promise<void>;
  abortRunning(): void;
  stats(): ActorTypeStats;
}

export class ActorTable<A extends object> implements HostedType, TurnTable<A>, ActivationOwner<A> {
  readonly #activations = new Map<string, Activation<A>>();
  readonly #methods: ReadonlyMap<string, Work<A>>;
  #isDraining = false;

  constructor(
    private readonly definition: ActorDefinition<A>,
    readonly metrics: TurnMetrics,
    readonly log: Logger,
    private readonly mostWaiting: number,
  ) {
    const type = definition.name;
    // A map of the own names: `constructor` and its like are methods of no actor.
    this.#methods = new Map(
      Object.entries(definition.methods).map(([label, run]) => [label, { type, label, isTick: false, run }]),
    );
  }

  arrive({ id, kind, name }: ActorPath, response: ServerResponse): HostedTurn<A> | undefined {
    const work = kind === 'method' ? this.#methods.get(name) : this.#tick(kind, name);
    return work && new HostedTurn(id, work, this, response);
  }

  admit(turn: HostedTurn<A>): void {
    if (this.#isDraining) {
      turn.refuse(stopping);
      return;
    }
    let activation = this.#activations.get(turn.actorId);
    if (!activation) {
      activation = new Activation(turn.actorId, this);
      this.#activations.set(turn.actorId, activation);
    }
    if (activation.waiting >= this.mostWaiting) {
      turn.refuse(contended);
      return;
    }
    activation.isFresh = true;
    turn.waitAt(activation);
    activation.add(turn);
  }

  deactivate(id: string): Promise<void> | undefined {
    const activation = this.#activations.get(id);
    if (activation?.running) {
      return new Promise((resolve) => {
        activation.add(new WaitingDeactivation(activation, resolve));
      });
    }
    if (activation) this.#remove(activation);
    return undefined;
  }

  sweep(): void {
    for (const activation of this.#activations.values()) {
      if (activation.isFresh) activation.isFresh = false;
      else if (!activation.running) this.#remove(activation);
    }
  }

  async drain(): Promise<void> {
    this.#isDraining = true;
    const ends: Promise<void>[] = [];
    for (const activation of this.#activations.values()) {
      activation.refuseWaiting(stopping);
      if (activation.untilIdle) ends.push(activation.untilIdle);
    }
    await Promise.all(ends);
  }

  abortRunning(): void {
    for (const activation of this.#activations.values()) activation.running?.abort();
  }

  stats(): ActorTypeStats {
    let busy = 0;
    let waiting = 0;
    for (const activation of this.#activations.values()) {
      if (activation.running) busy++;
      waiting += activation.waiting;
    }
    return { type: this.definition.name, active: this.#activations.size, busy, waiting };
  }

  activate(id: string): A {
    return this.definition.activate(id);
  }

  deactivated(id: string, actor: A): void {
    try {
      this.definition.deactivate?.(actor);
    } catch (err) {
      this.log.error({ err, actorType: this.definition.name, actorId: id }, 'an actor failed to deactivate');
    }
  }

  idle(activation: Activation<A>): void {
    if (!activation.isActive) this.#activations.delete(activation.id);
  }

  #remove(activation: Activation<A>): void {
    activation.deactivate();
    this.#activations.delete(activation.id);
  }

  #tick(kind: ActorPath['kind'], name: string): Work<A> | undefined {
    const { definition } = this;
    const type = definition.name;
    if (kind === 'remind' && definition.reminder) {
      return {
        type,
        label: 'reminder',
        isTick: true,
        run: (actor, body, turn) => definition.reminder?.(actor, readReminderTick(name, body), turn),
      };
    }
    if (kind === 'timer' && definition.timer) {
      return {
        type,
        label: 'timer',
        isTick: true,
        run: (actor, body, turn) => definition.timer?.(actor, readTimerTick(name, body), turn),
      };
    }
    return undefined;
  }
}
