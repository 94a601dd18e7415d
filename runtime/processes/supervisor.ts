import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Child, ChildSpec, Supervisor } from '../supervision.js';
import { type Exit, type GuardedProcess, startGuarded } from './guarded-process.js';

/** A child that could not be started, or that keeps dying. The message names it, how it ended, and its last lines. */
export class ChildFailedError extends Error {
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

/** When a child that died is started again, and when that is given up. Times in milliseconds. */
export interface RestartPolicy {
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** Ready for this long: the next restart waits only the first delay again. */
  readonly steadyAfterMs: number;
  /** This many deaths within the window, none of them after being ready for `provenAfterMs`, are fatal. */
  readonly deaths: number;
  readonly windowMs: number;
  readonly provenAfterMs: number;
}

const defaultPolicy: RestartPolicy = {
  firstDelayMs: 250,
  longestDelayMs: 5_000,
  steadyAfterMs: 30_000,
  deaths: 5,
  windowMs: 60_000,
  provenAfterMs: 10_000,
};

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

class SupervisedChild implements Child {
  readonly name: string;
  isReady = false;
  pid: number | undefined;
  readonly #policy: RestartPolicy;
  readonly #stopping = new AbortController();
  #process: GuardedProcess | undefined;
  #lastLines: string[] = [];
  #over: Promise<void> = Promise.resolve();

  constructor(
    private readonly spec: ChildSpec,
    private readonly options: SupervisorOptions,
  ) {
    this.name = spec.name;
    this.#policy = { ...defaultPolicy, ...options.policy };
  }

  /** Resolves when the child is ready for the first time; goes on keeping it running. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#over = this.#keepRunning(resolve).catch((error: unknown) => {
        reject(error instanceof Error ? error : new Error(String(error)));
      });
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

  async #keepRunning(firstReady: () => void): Promise<void> {
    const policy = this.#policy;
    let delay = policy.firstDelayMs;
    let deaths: number[] = [];
    let hasBeenReady = false;
    for (;;) {
      const run = await this.#runOnce(() => {
        hasBeenReady = true;
        firstReady();
      });
      if (!hasBeenReady || this.#stopping.signal.aborted) {
        if (hasBeenReady) return;
        const when = this.#stopping.signal.aborted ? 'was stopped before it was ready' : `${run.how} before it was ready`;
        throw new ChildFailedError(this.name, when, this.#lastLines, run.error);
      }
      const now = performance.now();
      if (run.readyForMs >= policy.provenAfterMs) deaths = [];
      deaths = [...deaths.filter((at) => at > now - policy.windowMs), now];
      if (deaths.length >= policy.deaths) {
        const what = `ended ${deaths.length} times in a row, the last time it ${run.how}`;
        this.options.onFatal(new ChildFailedError(this.name, what, this.#lastLines, run.error));
        return;
      }
      if (run.readyForMs >= policy.steadyAfterMs) delay = policy.firstDelayMs;
      this.options.log.warn(
        { child: this.name, restartInMs: delay, lastLines: this.#lastLines.slice(-5), err: run.error },
        `${this.name} ${run.how}, starting it again`,
      );
      await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      delay = Math.min(delay * 2, policy.longestDelayMs);
    }
  }

  /** One life of the program, from its start to its end: how it ended, and for how long it was ready. */
  async #runOnce(onReady: () => void): Promise<{ how: string; readyForMs: number; error?: unknown }> {
    this.#lastLines = [];
    try {
      await this.spec.beforeStart?.();
      if (this.#stopping.signal.aborted) return { how: 'was stopped', readyForMs: 0 };
      this.#process = await startGuarded({ ...this.spec, onLine: (line) => this.#print(line) });
    } catch (error) {
      return { how: `could not be started (${String(error)})`, readyForMs: 0, error };
    }
    const process = this.#process;
    this.pid = process.pid;
    if (this.#stopping.signal.aborted) void process.stop();
    const over = new AbortController();
    let readyAt: number | undefined;
    let notReady: unknown;
    this.spec.ready(over.signal).then(
      () => {
        if (over.signal.aborted) return;
        readyAt = performance.now();
        this.#setReady(true);
        onReady();
      },
      (error: unknown) => {
        if (over.signal.aborted) return;
        notReady = error;
        void process.stop();
      },
    );
    const exit = await process.ended;
    over.abort();
    this.pid = undefined;
    const readyForMs = readyAt === undefined ? 0 : performance.now() - readyAt;
    this.#setReady(false);
    await process.gone;
    this.#process = undefined;
    const how = notReady === undefined ? describeExit(exit) : `did not become ready (${String(notReady)})`;
    return { how, readyForMs, error: notReady };
  }

  #setReady(isReady: boolean): void {
    if (this.isReady === isReady) return;
    this.isReady = isReady;
    this.options.onChange?.(this);
  }

  #print(line: string): void {
    this.#lastLines.push(line.slice(0, 2_000));
    if (this.#lastLines.length > keptLines) this.#lastLines.shift();
    this.options.log.debug({ child: this.name }, line);
  }
}

function describeExit({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`;
}
