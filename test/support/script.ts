import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { until } from './until.js';

/** A process of its own that runs a few lines of a test. */
export interface Script {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** Waits for a printed line that starts with `start`, and gives what follows. */
  line(start: string): Promise<string>;
  /** How it ended: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/**
 * Runs JavaScript (ESM, `root` is the URL of the compiled sources) in a new node process.
 * @param user to run it as, where that is not ours
 */
export function runScript(code: string, user: { uid?: number; gid?: number } = {}): Script {
  const root = new URL('../../', import.meta.url).href;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', `const root = ${JSON.stringify(root)};\n${code}`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
      ...user,
    },
  );
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  return {
    process: child,
    lines,
    async line(start) {
      let found: string | undefined;
      const isThere = (): boolean => (found = lines.find((line) => line.startsWith(start))) !== undefined;
      await until(`the line "${start}" in:\n${lines.join('\n')}`, () => isThere() || child.exitCode !== null, 20_000);
      if (!isThere()) throw new Error(`it ended without printing "${start}":\n${lines.join('\n')}`);
      return found?.slice(start.length) ?? '';
    },
    ended: once(child, 'close').then(() => child.signalCode ?? child.exitCode ?? 0),
  };
}

/** Whether a process of this id runs: one that ended and that nobody waited for yet does not. */
export function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}
