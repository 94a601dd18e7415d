import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { pino } from 'pino';
import { TodoError } from '../../domain/errors.js';
import { rejected, taskEntry, type ImportEntry, type TaskEntry } from '../../domain/interchange/import-entry.js';
import type { CommandResult } from '../../domain/task/commands.js';
import { importEntries, type Outcome } from '../../gateway/interchange/import-entries.js';

const log = pino({ level: 'silent' });
const done: CommandResult = { task: null, version: 1, seq: 1, replayed: false };

function entry(line: number, id = `entry-${line}`): ImportEntry {
  const life = { status: 'open', completed_at: null, created_at: null } as const;
  return taskEntry(line, { id }, { title: `Task ${line}`, ...life }, []);
}

async function* entriesOf(...entries: ImportEntry[]): AsyncGenerator<ImportEntry> {
  for (const each of entries) yield await Promise.resolve(each);
}

async function outcomesOf(
  entries: AsyncIterable<ImportEntry>,
  command: (entry: TaskEntry) => Promise<CommandResult>,
  patienceMs?: number,
  stopping = new AbortController().signal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const outcome of importEntries(entries, command, log, stopping, patienceMs)) outcomes.push(outcome);
  return outcomes;
}

describe('an import', () => {
  it('runs many commands at once, never too many, and tells their outcomes in the file’s order', async () => {
    let running = 0;
    let most = 0;
    const entries = Array.from({ length: 100 }, (_, index) => entry(index + 1));
    const outcomes = await outcomesOf(entriesOf(...entries), async ({ line }) => {
      most = Math.max(most, (running += 1));
      await delay(line % 7);
      running -= 1;
      return done;
    });
    expect(outcomes.map(({ line }) => line)).to.deep.equal(entries.map(({ line }) => line));
    expect(most).to.equal(16);
  });

  it('carries out entries of one task one after the other', async () => {
    const started: number[] = [];
    const finished: number[] = [];
    await outcomesOf(
      entriesOf(entry(1, 'same'), entry(2, 'other'), entry(3, 'same'), entry(4, 'same')),
      async ({ line }) => {
        started.push(line);
        await delay(20 - line);
        finished.push(line);
        return done;
      },
    );
    expect(started.filter((line) => line !== 2)).to.deep.equal([1, 3, 4]);
    expect(finished.filter((line) => line !== 2)).to.deep.equal([1, 3, 4]);
    expect(started.indexOf(2)).to.be.lessThan(started.indexOf(3));
  });

  it('tells made, unchanged and rejected entries apart; a bad one stops only itself', async () => {
    const outcomes = await outcomesOf(
      entriesOf(entry(1), entry(2), rejected(3, 'not_a_task', 'An event.'), entry(4), entry(5)),
      ({ line }) => {
        if (line === 2) return Promise.resolve({ ...done, seq: null });
        if (line === 4) return Promise.reject(TodoError.invalid('/title', 'is odd'));
        if (line === 5) return Promise.reject(new Error('a fault of ours'));
        return Promise.resolve(done);
      },
    );
    expect(outcomes.map((outcome) => [outcome.kind, 'code' in outcome && outcome.code])).to.deep.equal([
      ['imported', false],
      ['unchanged', false],
      ['rejected', 'not_a_task'],
      ['rejected', 'invalid'],
      ['rejected', 'internal'],
    ]);
  });

  it('outlasts a part of the system that is away for a moment', async () => {
    let calls = 0;
    const outcomes = await outcomesOf(entriesOf(entry(1)), () =>
      (calls += 1) < 2 ? Promise.reject(new TodoError('unavailable', 'away')) : Promise.resolve(done),
    );
    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(['imported']);
  });

  it('ends with an entry that says so when the system stays away', async () => {
    let calls = 0;
    const entries = Array.from({ length: 100 }, (_, index) => entry(index + 1));
    const outcomes = await outcomesOf(
      entriesOf(...entries),
      ({ line }) => {
        calls += 1;
        return line < 5 ? Promise.resolve(done) : Promise.reject(new TodoError('unavailable', 'away'));
      },
      0,
    );
    expect(outcomes.map(({ line }) => line)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(outcomes.at(-1)).to.include({ kind: 'rejected', code: 'unavailable' });
    expect(calls).to.be.lessThan(40);
  });

  it('ends soon when the program stops, and says where', async () => {
    const stopping = new AbortController();
    const entries = Array.from({ length: 100 }, (_, index) => entry(index + 1));
    const command = ({ line }: TaskEntry): Promise<CommandResult> => {
      if (line === 30) stopping.abort();
      return Promise.resolve(done);
    };
    const outcomes = await outcomesOf(entriesOf(...entries), command, undefined, stopping.signal);
    expect(outcomes.length).to.be.within(30, 50);
    expect(outcomes.at(-1)).to.include({ kind: 'rejected', code: 'unavailable', line: outcomes.length });
    expect(outcomes.slice(0, -1).every(({ kind }) => kind === 'imported')).to.equal(true);
  });

  it('that nobody waits for ends after the running commands, and lets go of the file', async () => {
    const never = new AbortController().signal;
    let commands = 0;
    let isClosed = false;
    async function* endless(): AsyncGenerator<ImportEntry> {
      try {
        for (let line = 1; ; line += 1) yield await Promise.resolve(entry(line));
      } finally {
        isClosed = true;
      }
    }
    for await (const outcome of importEntries(
      endless(),
      () => Promise.resolve({ ...done, seq: (commands += 1) }),
      log,
      never,
    )) {
      if (outcome.line === 20) break;
    }
    const after = commands;
    expect(after).to.be.within(20, 40);
    expect(isClosed).to.equal(true);
    await delay(20);
    expect(commands).to.equal(after);
  });
});
