import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { OperatorError } from '../operator-error.js';
import type { Child, ChildSpec, Supervisor } from '../supervision.js';
import { type Exit, type GuardedProcess, startGuarded } from './guarded-process.js';
import { RestartPlan, type RestartPolicy } from './restart-plan.js';

/** A child that could not be started, or that keeps dying. The message names it, how it ended, and its last lines. */
export class ChildFailedError extends OperatorError {
  override readonly name = 'ChildFailedError';
  constructor(
    readonly child: string,
    what: string,
    readonly lastLines: readonly string[],
    cause?: unknown,
  ) {
    const lines = lastLines.length === 0 ? ' It printed nothing.' : `\n  ${lastLines.join('\n  ')}`;
    super(`${child} ${what}.${lines}`, { cause });
  }
}

export interface SupervisorOptions {
  /** Gets what the children print, a line an entry at level debug, and restarts at level warn. */
  readonly log: Logger;
  /** A child keeps dying: it is not started again. */
  onFatal(error: ChildFailedError): void;
  /** A child became ready, or stopped being so. */
  onChange?(child: Child): void;
  readonly policy?: Partial<RestartPolicy>;
}

export interface ProcessSupervisor extends Supervisor {
  /** Stops all children, the last started first, and refuses new ones. */
  stop(): Promise<void>;
  /** SIGKILL to all of them and theirs, without waiting: for an end at once. */
  killAll(): void;
}

const keptLines = 20;

/** Keeps programs running: see {@link ChildSpec}, {@link RestartPolicy} and {@link SupervisorOptions}. */
export function createSupervisor(options: SupervisorOptions): ProcessSupervisor {
  const children: SupervisedChild[] = [];
  let isStopped = false;
  return {
    async start(spec) {
      if (isStopped) throw new ChildFailedError(spec.name, 'was not started: the program is stopping', []);
      const child = new SupervisedChild(spec, options);
      children.push(child);
      await child.run();
      return child;
    },
    async stop() {
      isStopped = true;
      for (const child of children.toReversed()) await child.stop();
    },
    killAll() {
      isStopped = true;
      for (const child of children) child.kill();
    },
  };
}

/** One life of a program, from its start to its end. */
interface Life {
  /** How it ended, in words. */
  readonly how: string;
  readonly readyForMs: number;
  readonly error?: unknown;
}

class SupervisedChild implements Child {
  readonly name: string;
  isReady = false;
  pid: number | undefined;
  readonly #plan: RestartPlan;
  readonly #stopping = new AbortController();
  #process: GuardedProcess | undefined;
  #readySince: number | undefined;
  #notReady: { readonly error: unknown } | undefined;
  #hasBeenReady = false;
  #lastLines: string[] = [];
  #over: Promise<void> = Promise.resolve();

  constructor(
    private readonly spec: ChildSpec,
    private readonly options: SupervisorOptions,
  ) {
    this.name = spec.name;
    this.#plan = new RestartPlan(options.policy);
  }

  /** Resolves when the child is ready for the first time; goes on keeping it running. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#over = this.#keepRunning(resolve).catch(reject);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#process?.stop();
    await this.#over;
  }

  kill(): void {
    this.#stopping.abort();
    this.#process?.kill();
  }

  async #keepRunning(onFirstReady: () => void): Promise<void> {
    const { log } = this.options;
    for (;;) {
      const { how, readyForMs, error } = await this.#live(onFirstReady);
      if (!this.#hasBeenReady) {
        const what = this.#isStopping() ? 'was stopped before it was ready' : `${how} before it was ready`;
        throw new ChildFailedError(this.name, what, this.#lastLines, error);
      }
      if (this.#isStopping()) return;

      const delayMs = this.#plan.afterDeath(readyForMs, performance.now());
      if (delayMs === undefined) {
        const what = `ended ${this.#plan.deaths} times in a row; the last time it ${how}`;
        this.options.onFatal(new ChildFailedError(this.name, what, this.#lastLines, error));
        return;
      }
      const lastLines = this.#lastLines.slice(-5);
      log.warn({ child: this.name, delayMs, lastLines, err: error }, `${this.name} ${how}, starting it again`);
      await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#isStopping()) return;
    }
  }

  async #live(onFirstReady: () => void): Promise<Life> {
    this.#lastLines = [];
    this.#notReady = undefined;
    try {
      await this.spec.beforeStart?.();
      if (this.#isStopping()) return { how: 'was stopped', readyForMs: 0 };
      this.#process = await startGuarded({ ...this.spec, onLine: (line) => this.#print(line) });
    } catch (error) {
      return { how: `could not be started (${text(error)})`, readyForMs: 0, error };
    }
    const process = this.#process;
    this.pid = process.pid;
    if (this.#isStopping()) void process.stop();

    const over = new AbortController();
    this.spec.ready(over.signal).then(
      () => {
        if (over.signal.aborted) return;
        this.#readySince = performance.now();
        this.#hasBeenReady = true;
        this.#setReady(true);
        onFirstReady();
      },
      (error: unknown) => {
        if (over.signal.aborted) return;
        this.#notReady = { error };
        void process.stop();
      },
    );
    const exit = await process.ended;
    over.abort();
    this.pid = undefined;
    const readyForMs = this.#readySince === undefined ? 0 : performance.now() - this.#readySince;
    this.#readySince = undefined;
    this.#setReady(false);
    await process.gone;
    this.#process = undefined;
    return { readyForMs, ...this.#ending(exit) };
  }

  #ending(exit: Exit): Omit<Life, 'readyForMs'> {
    if (this.#notReady === undefined) return { how: describeExit(exit) };
    const { error } = this.#notReady;
    return { how: `did not become ready (${text(error)})`, error };
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #setReady(isReady: boolean): void {
    if (this.isReady === isReady) return;
    this.isReady = isReady;
    this.options.onChange?.(this);
  }

  #print(line: string): void {
    this.#lastLines.push(line.slice(0, 2_000));
    if (this.#lastLines.length > keptLines) this.#lastLines.shift();
    if (this.spec.onLine) this.spec.onLine(line);
    else this.options.log.debug({ child: this.name }, line);
  }
}

function describeExit({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`;
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
