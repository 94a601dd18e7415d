import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { TodoError, errorTable, toProblem, type ErrorCode } from '../../domain/errors.js';
import type { ImportEntry, TaskEntry } from '../../domain/interchange/import-entry.js';
import type { CommandResult } from '../../domain/task/commands.js';

/** What became of one entry of a file. */
export type Outcome = TaskOutcome | RejectedOutcome;

export interface TaskOutcome {
  readonly kind: 'imported' | 'unchanged';
  readonly line: number;
  readonly source_id: string;
  readonly id: string;
  readonly lost: readonly string[];
}

export interface RejectedOutcome {
  readonly kind: 'rejected';
  readonly line: number;
  readonly code: ErrorCode | 'not_a_task';
  readonly detail: string;
}

const atOnce = 16;
const defaultPatienceMs = 30_000;
const pauseMs = 500;

/**
 * Carries out a command for each task of a file, several at once, but those of one task in the file's order.
 * Entries that fail stop only themselves; when the system stays away, the import ends with an entry that says so.
 * @param command imports one entry; called again when the system was away
 * @param stopping aborted when the program stops: the import ends then, and says so
 * @param patienceMs how long the system may be away before the import gives up
 * @returns an outcome for each entry, in the file's order. Leaving it early stops the import after the running commands.
 */
export async function* importEntries(
  entries: AsyncIterable<ImportEntry>,
  command: (entry: TaskEntry) => Promise<CommandResult>,
  log: Logger,
  stopping: AbortSignal,
  patienceMs = defaultPatienceMs,
): AsyncGenerator<Outcome> {
  const running: Promise<Outcome | GaveUp>[] = [];
  const lastOf = new Map<string, Promise<unknown>>();
  const left = new AbortController();
  setMaxListeners(atOnce, left.signal);

  const start = (entry: TaskEntry): Promise<Outcome | GaveUp> => {
    const outcome = (lastOf.get(entry.task_id) ?? Promise.resolve()).then(() =>
      attempt(entry, command, log, patienceMs, left.signal),
    );
    lastOf.set(entry.task_id, outcome);
    void outcome.then(() => {
      if (lastOf.get(entry.task_id) === outcome) lastOf.delete(entry.task_id);
    });
    return outcome;
  };

  try {
    for await (const entry of entries) {
      if (stopping.aborted) running.push(Promise.resolve({ kind: 'gave-up', line: entry.line }));
      else running.push(entry.kind === 'rejected' ? Promise.resolve(entry) : start(entry));
      if (running.length < atOnce) continue;
      const outcome = await running.shift();
      if (outcome) yield stopOn(outcome);
    }
    for (let outcome = await running.shift(); outcome; outcome = await running.shift()) yield stopOn(outcome);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    yield error.last;
  } finally {
    left.abort();
    await Promise.allSettled(running);
  }
}

interface GaveUp {
  readonly kind: 'gave-up';
  readonly line: number;
}

/** Ends the loops above. */
class Stopped extends Error {
  constructor(readonly last: RejectedOutcome) {
    super('the import stopped');
  }
}

function stopOn(outcome: Outcome | GaveUp): Outcome {
  if (outcome.kind !== 'gave-up') return outcome;
  throw new Stopped({
    kind: 'rejected',
    line: outcome.line,
    code: 'unavailable',
    detail: 'The system is down, or stopping: the import ended here. Send the file again later; nothing is made twice.',
  });
}

async function attempt(
  entry: TaskEntry,
  command: (entry: TaskEntry) => Promise<CommandResult>,
  log: Logger,
  patienceMs: number,
  left: AbortSignal,
): Promise<Outcome | GaveUp> {
  const { line, source_id, task_id: id, lost } = entry;
  for (const deadline = Date.now() + patienceMs; ;) {
    if (left.aborted) return { kind: 'gave-up', line };
    try {
      const { seq } = await command(entry);
      return { kind: seq === null ? 'unchanged' : 'imported', line, source_id, id, lost };
    } catch (error) {
      const { code, detail } = toProblem(error);
      if (!(error instanceof TodoError)) log.error({ err: error, line }, 'an entry could not be imported');
      if (errorTable[code].retry === 'drop' || code === 'internal') return { kind: 'rejected', line, code, detail };
      if (Date.now() > deadline) return { kind: 'gave-up', line };
      await delay(pauseMs, undefined, { signal: left }).catch(() => undefined);
    }
  }
}
