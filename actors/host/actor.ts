/** One turn of one actor: while it runs, no other turn of that actor does. */
export interface Turn {
  readonly actorId: string;
  /** Aborted when the caller's socket closed, or the host gave the turn up. Its reason is a TodoError `unavailable`. */
  readonly signal: AbortSignal;
  /** The cheap form of `signal.throwIfAborted()`; to be called right before a commit, for nobody hears of it any more. */
  throwIfAborted(): void;
}

/** A reminder that has come due. `dueTime` and `period` are as daprd gives them, empty where there is none. */
export interface ReminderTick {
  readonly name: string;
  readonly data: unknown;
  readonly dueTime: string;
  readonly period: string;
}

export interface TimerTick extends ReminderTick {
  readonly callback: string;
}

/** What an actor does; `A` is the object that lives in memory while the actor is active. */
export interface ActorDefinition<A extends object> {
  /** The actor type, as Dapr knows it: `Task`. */
  readonly name: string;
  /**
   * Everything that can be called: nothing else answers. What a method returns goes out as JSON; a TodoError reaches
   * the caller as its problem; anything else that is thrown is logged, and reaches the caller as `internal`.
   */
  readonly methods: Readonly<Record<string, (actor: A, body: unknown, turn: Turn) => unknown>>;
  /** Makes the object of an actor that is called for the first time (again). Cheap and without I/O: it is part of a turn. */
  activate(id: string): A;
  /**
   * A failure of any kind is answered with 5xx, so that daprd tries again. A periodic one goes on until it is deleted by
   * Dapr's API: the header `X-DaprReminderCancel` ends none that the scheduler holds, nor a timer (seen with 1.16.0).
   */
  reminder?(actor: A, tick: ReminderTick, turn: Turn): void | Promise<void>;
  timer?(actor: A, tick: TimerTick, turn: Turn): void | Promise<void>;
  /** The actor leaves memory; no turn runs. */
  deactivate?(actor: A): void;
}

/** An actor definition of whatever object; made by {@link defineActorType}. */
export interface ActorType {
  readonly name: string;
  /** Hands the definition to code that works for any object type. */
  use<T>(work: <A extends object>(definition: ActorDefinition<A>) => T): T;
}

/** Makes an actor type that a host can take beside types with other objects. */
export function defineActorType<A extends object>(definition: ActorDefinition<A>): ActorType {
  return { name: definition.name, use: (work) => work(definition) };
}
