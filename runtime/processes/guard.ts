import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/**
 * A shell that knows which processes must not outlive us. Each line is the whole list of them, as `pid:signal:seconds`;
 * the end of file means that we are gone, however we went: then each gets its signal, after so many seconds SIGQUIT, and a
 * second later its process group SIGKILL. Why it is done so: docs/decisions/0003-child-processes-end-with-us.md
 */
const script = `
trap '' TERM INT HUP QUIT
all=
while read -r line; do all=$line; done
for each in $all; do
  {
    pid=\${each%%:*} seconds=\${each##*:} signal=\${each#*:}
    kill -s "\${signal%:*}" "$pid"
    while [ "$seconds" -gt 0 ] && kill -s 0 "$pid"; do sleep 1; seconds=$((seconds - 1)); done
    kill -s QUIT "$pid" && sleep 1
    kill -s KILL -- "-$pid"
  } &
done
wait`;

/** So that all of it is over within 10 s. */
const longestStopSeconds = 7;

interface Shell {
  readonly process: ChildProcess;
  readonly list: Writable;
}

const watched = new Map<number, string>();
let shell: Shell | undefined;

/** Has the process group of `pid` end with us from now on: resolves when that is certain. */
export async function guard(pid: number, stopSignal: NodeJS.Signals, stopTimeoutMs: number): Promise<void> {
  const seconds = Math.min(Math.ceil(stopTimeoutMs / 1000), longestStopSeconds);
  watched.set(pid, `${pid}:${stopSignal.slice('SIG'.length)}:${seconds}`);
  await tell();
}

/** The process has ended: its id may become somebody else's. Resolves when no guard is left, if it was the last. */
export async function unguard(pid: number): Promise<void> {
  watched.delete(pid);
  if (watched.size > 0) return await tell();
  if (shell === undefined) return;
  const { process, list } = shell;
  shell = undefined;
  list.end('\n');
  await once(process, 'exit');
}

async function tell(): Promise<void> {
  const { list } = (shell ??= startShell());
  const line = `${[...watched.values()].join(' ')}\n`;
  await new Promise<void>((resolve, reject) => {
    list.write(line, (error) => (error ? reject(error) : resolve()));
  });
}

function startShell(): Shell {
  const child = spawn('/bin/sh', ['-c', script, 'todo-chatbot-guard'], {
    cwd: '/',
    env: { PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin` },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const started: Shell = { process: child, list: child.stdin };
  // A broken pipe means that it was killed. Whoever waits for a write is told; the exit brings the next guard.
  child.stdin.on('error', () => undefined);
  child.once('exit', () => {
    if (shell !== started) return;
    shell = undefined;
    if (watched.size > 0) void tell();
  });
  return started;
}
