import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { daprCacheFolder } from '../../runtime/dapr/cache.js';
import { packageRoot } from '../../runtime/package-root.js';

/** The releases that the comparison was made with; `tzdata` is what zones Python knows. */
const packages = ['python-dateutil==2.9.0.post0', 'tzdata'];

/** What is asked of python-dateutil. */
export interface Question {
  readonly rule: string;
  /** A local date or date-time. */
  readonly start: string;
  readonly zone: string;
  /** At least so many slots, if there are. */
  readonly count: number;
  /** As many seconds of processor time as it may take. */
  readonly seconds: number;
}

export type OracleAnswer =
  | { readonly slots: readonly (readonly [string, string | null, boolean])[]; readonly end: boolean }
  | { readonly slow: true }
  | { readonly error: string };

export interface Dateutil {
  /** Answers in the order of the questions. */
  ask(questions: readonly Question[]): Promise<OracleAnswer[]>;
  stop(): Promise<void>;
}

/**
 * Starts python-dateutil. The first time on a machine it is installed into the cache of this program.
 * @throws Error that says what the machine lacks
 */
export async function startDateutil(): Promise<Dateutil> {
  const python = await obtainPython();
  const child = spawn(python, [join(packageRoot, 'test', 'support', 'dateutil_oracle.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  return {
    async ask(questions) {
      // Both ends at once: a pipe holds only so much.
      child.stdin.write(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
      const answers: OracleAnswer[] = [];
      while (answers.length < questions.length) {
        const line = await lines.next();
        if (line.done) throw new Error(`python-dateutil ended after ${answers.length} answers of ${questions.length}`);
        answers.push(JSON.parse(line.value) as OracleAnswer);
      }
      return answers;
    },
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}

const run = promisify(execFile);

async function obtainPython(): Promise<string> {
  const folder = join(dirname(await daprCacheFolder(process.env)), 'python', packages.join('-').replaceAll('=', ''));
  const python = join(folder, 'bin', 'python');
  if (await exists(python)) return python;
  const making = `${folder}.${process.pid}`;
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  try {
    await run('python3', ['-m', 'venv', making]);
    await run(join(making, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', ...packages]);
    await rename(making, folder);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    if (await exists(python)) return python;
    throw new Error(
      'The comparison with python-dateutil needs python3 (3.9 or later) with its modules venv and pip (Debian: apt-get ' +
        'install python3-venv), and the Python package index the first time.',
      { cause: error },
    );
  }
  return python;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
