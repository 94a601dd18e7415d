import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { TodoError } from '../../domain/errors.js';
import type { Turn } from './actor.js';
import { answerActorProblem, answerJson, answerProblem } from './answer.js';
import type { Outcome, TurnMetrics } from './metrics.js';
import type { Queued } from './turn-queue.js';

/** What a turn does, of all that its actor type can do. */
export interface Work<A extends object> {
  readonly type: string;
  /** The method's name, `reminder` or `timer`. */
  readonly label: string;
  /** A tick of a reminder or timer: no caller reads its problem, daprd looks at the status alone. */
  readonly isTick: boolean;
  run(actor: A, body: unknown, turn: Turn): unknown;
}

/** Where the turns of a type come in. */
export interface TurnTable<A extends object> {
  readonly metrics: TurnMetrics;
  readonly log: Logger;
  /** Has the turn wait at its actor, or refuses it. */
  admit(turn: HostedTurn<A>): void;
}

/** Where the turns of one actor wait. */
export interface TurnPlace<A extends object> {
  readonly actor: A;
  withdraw(turn: Queued): void;
}

/** A call of an actor, from its arrival to its answer. It is answered and counted once. */
export class HostedTurn<A extends object> implements Turn, Queued {
  #state: 'arriving' | 'waiting' | 'running' | 'over' = 'arriving';
  #place: TurnPlace<A> | undefined;
  #body: unknown;
  #waitingSince = 0;
  #aborted: TodoError | undefined;
  #controller: AbortController | undefined;

  constructor(
    readonly actorId: string,
    private readonly work: Work<A>,
    private readonly table: TurnTable<A>,
    private readonly response: ServerResponse,
  ) {}

  get signal(): AbortSignal {
    // Made only when somebody looks: it costs as much as all the rest of a turn's bookkeeping.
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#aborted;
  }

  begin(body: unknown): void {
    if (this.#state !== 'arriving') return;
    this.#body = body;
    this.table.admit(this);
  }

  waitAt(place: TurnPlace<A>): void {
    this.#state = 'waiting';
    this.#place = place;
    this.#waitingSince = performance.now();
  }

  refuse(error: TodoError): void {
    if (this.#state === 'running' || this.#state === 'over') return;
    this.#answerProblem(error);
    this.#end(error.code);
  }

  abort(): void {
    if (this.#state === 'running') {
      this.#aborted ??= new TodoError('unavailable', 'The call was given up before it was done. Try again.');
      this.#controller?.abort(this.#aborted);
    } else if (this.#state !== 'over') {
      this.#place?.withdraw(this);
      this.#end('aborted');
    }
  }

  async run(): Promise<void> {
    const { work, table } = this;
    this.#state = 'running';
    const startedAt = performance.now();
    table.metrics.waited(work.type, (startedAt - this.#waitingSince) / 1000);
    let outcome: Outcome = 'ok';
    try {
      const result = await work.run(this.#actor(), this.#body, this);
      answerJson(this.response, 200, result === undefined ? 'null' : JSON.stringify(result));
    } catch (error) {
      outcome = this.#fail(error);
    }
    this.#end(outcome, (performance.now() - startedAt) / 1000);
  }

  #actor(): A {
    if (!this.#place) throw new Error('a turn ran that waited nowhere');
    return this.#place.actor;
  }

  #fail(error: unknown): Outcome {
    const about = { err: error, actorType: this.work.type, actorId: this.actorId, method: this.work.label };
    if (!(error instanceof TodoError)) this.table.log.error(about, 'a turn failed');
    else if (this.work.isTick && !this.#aborted) this.table.log.warn(about, 'a tick failed; daprd tries again');
    this.#answerProblem(error);
    if (this.#aborted) return 'aborted';
    return error instanceof TodoError ? error.code : 'internal';
  }

  #answerProblem(error: unknown): void {
    // A tick is never answered 404, which tells daprd that there is no handler for it.
    if (this.work.isTick) answerProblem(this.response, error, 500);
    else answerActorProblem(this.response, error);
  }

  #end(outcome: Outcome, seconds?: number): void {
    this.#state = 'over';
    this.table.metrics.ended(this.work.type, this.work.label, outcome, seconds);
  }
}
