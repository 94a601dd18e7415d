import { readdir, readFile } from 'node:fs/promises';

/** A process as Linux' /proc tells of it; elsewhere there are none. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** Processor time spent so far, in seconds: its own and that of its children that have ended. */
  readonly cpuSeconds: number;
}

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** A process and all below it. */
export async function familyOf(root: number): Promise<Process[]> {
  const processes = await readProcesses();
  const family = new Set([root]);
  for (let size = 0; size < family.size;) {
    size = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  return processes.filter(({ pid }) => family.has(pid));
}

/** Processor time of a family so far, in seconds, by the names of its programs. */
export async function cpuSecondsOf(root: number): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  for (const { name, cpuSeconds } of await familyOf(root)) sums.set(name, (sums.get(name) ?? 0) + cpuSeconds);
  return sums;
}

/**
 * Begins to watch what programs outside a family use of the processors: other work on the machine makes figures wrong.
 * @returns asked later, how many cores they used on average since
 */
export async function watchOthers(root: number): Promise<() => Promise<number>> {
  const now = async () => ({ all: await busySeconds(), own: await familySeconds(root), at: performance.now() });
  const before = await now();
  return async () => {
    const after = await now();
    const others = after.all - before.all - (after.own - before.own);
    return Math.max(0, others / ((after.at - before.at) / 1000));
  };
}

/** Processor time of a family so far, in seconds. */
export async function familySeconds(root: number): Promise<number> {
  return [...(await cpuSecondsOf(root)).values()].reduce((sum, seconds) => sum + seconds, 0);
}

/** Of all processors so far, in seconds (proc_stat(5)): all but the fourth and the fifth field, which are idle time. */
async function busySeconds(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8').catch(() => '')).split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/ +/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) / ticksPerSecond;
}

async function readProcesses(): Promise<Process[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
  const read = await Promise.all(pids.map(readProcess));
  return read.flat();
}

/** proc_pid_stat(5): the name is in brackets and may hold anything; the fields after it are numbered from 3. */
async function readProcess(pid: number): Promise<Process[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
  if (name === undefined || rest === undefined) return [];
  const fields = rest.split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  const ticks = field(14) + field(15) + field(16) + field(17);
  return [{ pid, parent: field(4), name, cpuSeconds: ticks / ticksPerSecond }];
}
