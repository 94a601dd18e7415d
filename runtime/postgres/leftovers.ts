import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Logger } from 'pino';

const run = promisify(execFile);
const eachWithinMs = 4_000;

/**
 * Ends what is left of a server on this data folder whose start nobody waits for any more, and removes its pid file, which
 * names a process id that may belong to something else by now. To be called with the lock of DATA_DIR held: then a server
 * in there is a leftover for certain.
 */
export async function endLeftovers(folder: string, log: Logger): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    const until = performance.now() + eachWithinMs;
    for (let isSignalled = false; ; isSignalled = true) {
      const pids = await serversIn(folder);
      if (pids.length === 0) return await rm(join(folder, 'postmaster.pid'), { force: true });
      if (!isSignalled) {
        log.warn({ pids, signal }, 'ending what a killed run left of PostgreSQL');
        for (const pid of pids) end(pid, signal);
      }
      if (performance.now() > until) break;
      await sleep(50);
    }
  }
  throw new Error(`processes of an earlier PostgreSQL in ${folder} do not end`);
}

/** The ids of the processes of PostgreSQL, which all have the data folder as their working folder. */
async function serversIn(folder: string): Promise<number[]> {
  if (process.platform !== 'linux') {
    // Exit code 1: there is none.
    const found = await run('lsof', ['-t', '-a', '-c', 'postgres', '-d', 'cwd', folder]).catch(() => ({ stdout: '' }));
    return found.stdout.split('\n').filter(Boolean).map(Number);
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const isServer = await Promise.all(
    pids.map(async (pid) => {
      try {
        return (
          (await readlink(`/proc/${pid}/cwd`)) === folder &&
          (await readFile(`/proc/${pid}/comm`, 'utf8')).trim() === 'postgres'
        );
      } catch {
        return false; // it has ended, or is another user's and so not ours
      }
    }),
  );
  return pids.filter((_, index) => isServer[index]).map(Number);
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
