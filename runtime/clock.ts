import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { SettingsError } from './config.js';

/**
 * The time that tasks go by: what happened when, what is due, what is late. How long something takes is measured otherwise,
 * and what others check, such as tokens, goes by the machine's own clock.
 */
export interface Clock {
  readonly now: () => Date;
  /** Has a function called soon after the clock was set, back or forward: what was timed until then comes at another time. */
  readonly onSet: (listener: () => void) => void;
}

/** The machine's clock, by those who need not know when it is set. */
export const systemClock: Clock = { now: () => new Date(), onSet: () => undefined };

/** How often the clock is compared with the time that has passed, in milliseconds. */
const usualLookEveryMs = 1_000;
/** A clock that is off by more since the last look was set; by less, it is only being adjusted. */
const setByMs = 1_000;

export interface ClockOptions {
  /** A file with how many milliseconds the clock is ahead of the machine's, as `CLOCK_FILE` says; undefined: it is that. */
  readonly file: string | undefined;
  readonly log: Logger;
  /** For its own test. */
  readonly lookEveryMs?: number;
}

/**
 * Opens the clock of this process. All processes that are given the same file have the same time, from the moment on at
 * which the file is replaced.
 * @throws SettingsError when there is no number in the file
 */
export function openClock({ file, log, lookEveryMs = usualLookEveryMs }: ClockOptions): Clock & { close(): void } {
  const now = file === undefined ? systemClock.now : clockOf(file);
  const listeners: (() => void)[] = [];
  const aheadOfTime = (): number => now().getTime() - performance.now();
  let known = aheadOfTime();
  const timer = setInterval(() => {
    const ahead = aheadOfTime();
    const setBy = Math.round(ahead - known);
    known = ahead;
    if (Math.abs(setBy) < setByMs) return;
    log.warn({ setByMs: setBy }, 'the clock was set');
    for (const listener of listeners) listener();
  }, lookEveryMs).unref();
  return { now, onSet: (listener) => void listeners.push(listener), close: () => clearInterval(timer) };
}

/** Reads the file each time: it is for tests, and nobody may go by what it said before. */
function clockOf(file: string): () => Date {
  let aheadMs: number;
  try {
    aheadMs = readMilliseconds(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingsError([`CLOCK_FILE must name a file with a number of milliseconds, for tests: ${reason}`]);
  }
  return () => {
    try {
      aheadMs = readMilliseconds(file);
    } catch {
      // Whoever takes the file away leaves the clock as it goes.
    }
    return new Date(Date.now() + aheadMs);
  };
}

function readMilliseconds(file: string): number {
  const text = readFileSync(file, 'utf8').trim();
  if (!/^-?\d{1,15}$/.test(text)) throw new Error(`it says "${text.slice(0, 40)}"`);
  return Number(text);
}
