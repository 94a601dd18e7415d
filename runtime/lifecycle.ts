import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { SettingsError } from './config.js';
import { OperatorError } from './operator-error.js';

/** Thrown into the start of the program when a stop has begun meanwhile: there is nothing more to open. */
export class StoppingError extends Error {
  override readonly name = 'StoppingError';
}

export interface ReleaseOptions {
  /** The release may take this long, in milliseconds; then it is left to itself and the next one begins. */
  readonly limitMs?: number;
  /** Called instead of waiting for the release when the program must end at once. Must not wait either. */
  readonly atOnce?: () => void;
}

export interface Lifecycle {
  /** Aborted when a stop begins: what takes long while starting gives up on it. */
  readonly stopping: AbortSignal;
  /**
   * Says how to close what was just opened. A stop walks these backwards.
   * @throws StoppingError when a stop has begun; the release is still carried out
   */
  opened(name: string, release: () => Promise<void> | void, options?: ReleaseOptions): void;
  /**
   * Listens to signals, then runs the start of the program. What it throws, and what nobody else catches from then on, ends
   * the program: exit code 2 for wrong settings, else 1.
   */
  run(start: () => Promise<void>): Promise<void>;
  /** Orderly stop, then the end of the process. Called again, it waits for the same stop. */
  stop(reason: string, exitCode?: number): Promise<void>;
  /** Something is broken for good: orderly stop with exit code 1. */
  fail(error: unknown): void;
}

export interface LifecycleOptions {
  readonly log: Logger;
  /** Shows whoever started the program what to put right; by default it is logged. */
  readonly tell?: (message: string) => void;
  /** All of a stop takes at most this long, in milliseconds. */
  readonly limitMs?: number;
  readonly exit?: (code: number) => void;
}

interface Opened extends ReleaseOptions {
  readonly name: string;
  readonly release: () => Promise<void> | void;
}

/** `npm` passes a terminal's Ctrl-C on although the terminal sent it to us as well: within this time it is the same one. */
const samePressMs = 500;
const defaultReleaseMs = 5_000;

/**
 * Start and stop of the program. SIGINT, SIGTERM and SIGHUP stop it in order (exit code 0, or 1 when something did not
 * close), a second Ctrl-C ends it at once (130).
 */
export function createLifecycle({
  log,
  tell = (message) => log.fatal(message),
  limitMs = 9_500,
  exit = (code) => process.exit(code),
}: LifecycleOptions): Lifecycle {
  const open: Opened[] = [];
  const stopping = new AbortController();
  let starting: Promise<void> = Promise.resolve();
  let stopped: Promise<void> | undefined;
  let stoppedAt = 0;

  const endAtOnce = (code: number): void => {
    for (const { atOnce } of open.toReversed()) atOnce?.();
    exit(code);
  };

  /** Walks back over everything open; resolves to false when something did not close. */
  const releaseAll = async (deadline: number): Promise<boolean> => {
    let isWhole = true;
    for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
      const allowedMs = Math.min(last.limitMs ?? defaultReleaseMs, Math.max(0, deadline - performance.now()));
      try {
        await within(allowedMs, 'its closing', last.release());
      } catch (err) {
        isWhole = false;
        last.atOnce?.();
        log.error({ err }, `could not close ${last.name}`);
      }
      open.splice(open.indexOf(last), 1);
    }
    return isWhole;
  };

  const stop = (reason: string, exitCode = 0): Promise<void> =>
    (stopped ??= (async () => {
      stoppedAt = performance.now();
      const deadline = stoppedAt + limitMs;
      log.info(`stopping: ${reason}`);
      stopping.abort(new StoppingError(reason));
      let isWhole = await releaseAll(deadline);
      // A start that was under way has been cut short by now; what it still opened on its way out is closed as well.
      await within(Math.max(0, deadline - performance.now()), 'the start', starting).catch((err: unknown) => {
        isWhole = false;
        log.error({ err }, 'the start goes on although the program is stopping');
      });
      isWhole = (await releaseAll(deadline)) && isWhole;
      log.info(`stopped after ${Math.round(performance.now() - stoppedAt)} ms`);
      exit(exitCode === 0 && !isWhole ? 1 : exitCode);
    })());

  const fail = (err: unknown): void => {
    if (err instanceof SettingsError || err instanceof OperatorError) tell(err.message);
    else if (!isBrokenTerminal(err))
      log.fatal({ err }, stopped ? 'an error while stopping' : 'the program cannot go on');
    void stop('a fatal error', err instanceof SettingsError ? 2 : 1);
  };

  return {
    stopping: stopping.signal,
    opened(name, release, options = {}) {
      open.push({ ...options, name, release });
      stopping.signal.throwIfAborted();
    },
    run(start) {
      process.on('SIGINT', () => {
        if (stopped === undefined) void stop('SIGINT');
        else if (performance.now() - stoppedAt > samePressMs) endAtOnce(130);
      });
      for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal));
      process.on('uncaughtException', fail);
      starting = start().catch((err: unknown) => {
        if (stopping.signal.aborted) log.debug({ err }, 'the start was cut short');
        else fail(err);
      });
      return starting;
    },
    stop,
    fail,
  };
}

/** @throws Error when `work` has not ended within the time; it is left to itself then */
async function within(limitMs: number, what: string, work: Promise<void> | void): Promise<void> {
  const done = new AbortController();
  const tooLong = sleep(limitMs, undefined, { signal: done.signal }).then(
    () => Promise.reject(new Error(`${what} did not end within ${Math.round(limitMs)} ms`)),
    () => undefined,
  );
  try {
    await Promise.race([work, tooLong]);
  } finally {
    done.abort();
  }
}

/** The terminal was closed: printing that would fail again. */
function isBrokenTerminal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'EIO');
}
