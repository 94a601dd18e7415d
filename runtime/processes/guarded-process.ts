import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildSpec } from '../supervision.js';
import { guard, unguard } from './guard.js';

/** What to run; see {@link ChildSpec} for the fields. */
export interface ProcessSpec extends Pick<
  ChildSpec,
  'command' | 'args' | 'env' | 'cwd' | 'uid' | 'gid' | 'stopSignal' | 'stopTimeoutMs'
> {
  /** An open file that the program finds as its file descriptor 4. */
  readonly inheritedFile?: number;
  /** Called with each line of its stdout and stderr. */
  onLine(line: string): void;
}

/** How a program ended: one of the two is set. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GuardedProcess {
  /** Process id of the program itself, which is also the id of its process group. */
  readonly pid: number;
  /** Resolves when the program has ended. Never rejects. */
  readonly ended: Promise<Exit>;
  /** Resolves when nothing of it is left and its last lines were read. */
  readonly gone: Promise<Exit>;
  /** Orderly stop as the spec says; resolves when all of it is gone. */
  stop(): Promise<Exit>;
  /** SIGKILL to the program and its whole process group, at once. */
  kill(): void;
}

/** Waits for the word that the guard knows of it, which never comes when we are killed before; then becomes the program. */
const launchScript = 'read -r _ <&3 && exec "$@" 3<&-';
const quitBeforeKillMs = 1_000;
/** A grandchild in a session of its own may keep the output open; nobody waits for it longer than this. */
const lastLinesWithinMs = 300;

/**
 * Starts a program that cannot outlive this process: after `kill -9` of this process it gets its stop signal, and SIGKILL
 * when it does not follow, within 10 s. It runs in a session of its own, so a terminal's Ctrl-C does not reach it.
 * Rejects when it cannot be started at all; a command that does not exist ends with exit code 127 as in a shell.
 */
export async function startGuarded(spec: ProcessSpec): Promise<GuardedProcess> {
  const child = spawn('/bin/sh', ['-c', launchScript, 'launch', spec.command, ...spec.args], {
    env: { ...spec.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', spec.inheritedFile ?? 'ignore'],
    ...(spec.cwd !== undefined && { cwd: spec.cwd }),
    ...(spec.uid !== undefined && { uid: spec.uid }),
    ...(spec.gid !== undefined && { gid: spec.gid }),
  });
  const exit = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await once(child, 'spawn');
  const { pid, stdout, stderr } = child;
  const go = child.stdio[3];
  if (pid === undefined || stdout === null || stderr === null || !(go instanceof Writable)) {
    throw new Error('unreachable: a spawned child has all of these');
  }

  const outputs = [stdout, stderr].map((stream) => {
    createInterface({ input: stream }).on('line', (line) => spec.onLine(line));
    return once(stream, 'close');
  });
  let hasEnded = false;
  const ended = exit.then((how) => {
    hasEnded = true;
    killGroup(pid);
    return how;
  });
  const gone = ended.then(async (how) => {
    await unguard(pid);
    await Promise.race([Promise.all(outputs), sleep(lastLinesWithinMs)]);
    return how;
  });

  go.on('error', () => undefined); // it was killed already, which `ended` tells
  await guard(pid, spec.stopSignal, spec.stopTimeoutMs);
  go.end('go\n');

  const signal = (name: NodeJS.Signals): void => {
    if (!hasEnded) child.kill(name);
  };
  const kill = (): void => {
    if (!hasEnded) killGroup(pid);
  };
  let stopping: Promise<Exit> | undefined;
  const stop = (): Promise<Exit> =>
    (stopping ??= (async () => {
      signal(spec.stopSignal);
      const quit = setTimeout(() => signal('SIGQUIT'), spec.stopTimeoutMs);
      const last = setTimeout(kill, spec.stopTimeoutMs + quitBeforeKillMs);
      await ended;
      clearTimeout(quit);
      clearTimeout(last);
      return await gone;
    })());
  return { pid, ended, gone, stop, kill };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // The group is empty; macOS says EPERM when all that is left of it are zombies.
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error;
  }
}
