import type { ActorCalls, ActorRef } from '../../runtime/dapr/actor-calls.js';

/** What one actor has at its sidecar. */
export interface PlayedActor {
  readonly state: Map<string, object>;
  /** Reminder name → when it comes first, and how often, in milliseconds. */
  readonly reminders: Map<string, { readonly at: number; readonly everyMs: number }>;
  /** Timer name → when it comes. */
  readonly timers: Map<string, number>;
}

/** A sidecar that a test plays: it keeps what actors ask of it, and the test has it come true. */
export class PlayedSidecar implements Omit<ActorCalls, 'call'> {
  private readonly actors = new Map<string, PlayedActor>();
  /** How often each thing was asked. */
  readonly asked = { readState: 0, writeState: 0, setReminder: 0, deleteReminder: 0, setTimer: 0 };
  /** Thrown instead of doing what is named. */
  readonly failing = new Set<keyof PlayedSidecar['asked']>();

  constructor(private readonly now: () => Date) {}

  of({ id }: Pick<ActorRef, 'id'>): PlayedActor {
    const actor = this.actors.get(id) ?? { state: new Map(), reminders: new Map(), timers: new Map() };
    this.actors.set(id, actor);
    return actor;
  }

  readState(actor: ActorRef, key: string): Promise<unknown> {
    return this.answer('readState', () => structuredClone(this.of(actor).state.get(key)));
  }

  writeState(actor: ActorRef, key: string, value: object | null): Promise<void> {
    return this.answer('writeState', () => {
      if (value) this.of(actor).state.set(key, structuredClone(value));
      else this.of(actor).state.delete(key);
    });
  }

  setReminder(actor: ActorRef, name: string, due: { inMs: number; everyMs: number }): Promise<void> {
    return this.answer('setReminder', () => {
      this.of(actor).reminders.set(name, { at: this.now().getTime() + due.inMs, everyMs: due.everyMs });
    });
  }

  deleteReminder(actor: ActorRef, name: string): Promise<void> {
    return this.answer('deleteReminder', () => void this.of(actor).reminders.delete(name));
  }

  setTimer(actor: ActorRef, name: string, inMs: number): Promise<void> {
    return this.answer('setTimer', () => void this.of(actor).timers.set(name, this.now().getTime() + inMs));
  }

  private answer<T>(what: keyof PlayedSidecar['asked'], done: () => T): Promise<T> {
    this.asked[what] += 1;
    return this.failing.has(what) ? Promise.reject(new Error(`${what} failed`)) : Promise.resolve(done());
  }
}
