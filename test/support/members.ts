import { spawnSync } from 'node:child_process';
import { runningProcesses } from './system.js';

/**
 * The processes of the split shape by the names of its members, and their sidecars as `daprd-` and that name. What is down is
 * missing.
 * @param launcher the process that started them
 * @param lines what it has printed since its start
 */
export function membersOf(launcher: number, lines: readonly string[]): Map<string, number> {
  const nameOfPort = new Map<string, string>();
  for (const line of lines) {
    const [, member, port] = /^\[([\w-]+)\] .*"url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(line) ?? [];
    if (member !== undefined && port !== undefined) nameOfPort.set(port, member);
  }
  const below = runningProcesses().filter(({ parent }) => parent === launcher);
  const found = new Map<string, number>();
  for (const { pid, text } of withSettings(below.map(({ pid }) => pid))) {
    const [, daprd] = /\/run\/dapr\/(daprd-[\w-]+)\/sockets/.exec(text) ?? [];
    const [, port = ''] = / PORT=(\d+)/.exec(text) ?? [];
    const name = daprd ?? nameOfPort.get(port);
    if (name !== undefined) found.set(name, pid);
  }
  return found;
}

/** Command lines, each with the environment behind it. */
function withSettings(pids: readonly number[]): { pid: number; text: string }[] {
  const { stdout } = spawnSync('ps', ['eww', '-o', 'pid=,args=', '-p', pids.join()], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, text = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), text }];
  });
}
