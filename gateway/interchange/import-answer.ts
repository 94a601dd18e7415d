import { TodoError } from '../../domain/errors.js';
import type { Outcome } from './import-entries.js';

/** The rejected entries of one JSON answer at most; they wait in memory until the tasks have been written. */
const mostRejected = 10_000;
const chunkLength = 16 * 1024;
const progressEveryMs = 1_000;

/** The answer as one JSON object, written as the import goes: `tasks` first, the counts last. */
export async function* jsonAnswer(outcomes: AsyncIterable<Outcome>): AsyncGenerator<string> {
  const counts = { imported: 0, unchanged: 0 };
  const rejected: string[] = [];
  let more = 0;
  let lastLine = 0;
  let separator = '';
  yield '{"tasks":[';
  for await (const outcome of outcomes) {
    if (outcome.kind === 'rejected') {
      if (rejected.length < mostRejected) rejected.push(rejection(outcome));
      else more += 1;
      lastLine = outcome.line;
      continue;
    }
    counts[outcome.kind] += 1;
    const { source_id, id, lost } = outcome;
    yield `${separator}${JSON.stringify({ source_id, id, lost })}`;
    separator = ',\n';
  }
  if (more > 0) {
    const detail = `${more} more entries up to here were rejected; with Accept: application/x-ndjson each is told.`;
    rejected.push(rejection({ line: lastLine, code: 'payload_too_large', detail }));
  }
  yield `],"rejected":[${rejected.join(',\n')}],"imported":${counts.imported},"unchanged":${counts.unchanged}}`;
}

/** The same as a line for each entry, with one on the progress every second, and a summary at the end. */
export async function* ndjsonAnswer(outcomes: AsyncIterable<Outcome>): AsyncGenerator<string> {
  const counts = { imported: 0, unchanged: 0, rejected: 0 };
  let told = Date.now();
  for await (const { kind, ...outcome } of outcomes) {
    counts[kind] += 1;
    yield `${JSON.stringify({ outcome: kind, ...outcome })}\n`;
    if (Date.now() - told < progressEveryMs) continue;
    told = Date.now();
    yield `${JSON.stringify({ progress: { line: outcome.line, ...counts } })}\n`;
  }
  yield `${JSON.stringify({ summary: counts })}\n`;
}

/** What goes wrong with the file in the middle is told as its last entry: the answer has begun by then. */
export async function* withLastRejection(outcomes: AsyncIterable<Outcome>): AsyncGenerator<Outcome> {
  let line = 0;
  try {
    for await (const outcome of outcomes) {
      ({ line } = outcome);
      yield outcome;
    }
  } catch (error) {
    if (!(error instanceof TodoError)) throw error;
    yield { kind: 'rejected', line, code: error.code, detail: error.detail };
  }
}

/** Gathers small pieces of text into larger ones. */
export async function* inChunks(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = '';
  for await (const piece of pieces) {
    chunk += piece;
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function rejection({ line, code, detail }: { line: number; code: string; detail: string }): string {
  return JSON.stringify({ line, code, detail });
}
