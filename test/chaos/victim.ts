import { setTimeout as sleep } from 'node:timers/promises';
import type { Seeded } from '../support/seeded.js';
import type { SecondHost } from '../support/second-host.js';
import { signalAll } from '../support/signal-all.js';
import { descendantsOf, type TestSystem } from '../support/system.js';
import type { Trial } from '../support/trial.js';

/** A supervisor gives a program up that dies again and again: each is left alone this long after it was killed. */
const graceMs = 15_000;

/** What faults are done to: a system under load, at times with a second host of its actors. */
export class Victim {
  second: SecondHost | undefined;
  /** When the last fault began, by `performance.now()`. */
  hitAt = 0;
  private readonly killedAt = new Map<string, number>();

  constructor(
    readonly system: TestSystem,
    readonly trial: Trial,
    readonly random: Seeded,
    /** How long everything is down at most, in milliseconds, where that is the fault. */
    readonly longestDownMs: number,
    /** True: each role is a process of its own. */
    private readonly hasMembers: boolean,
  ) {}

  /** All its programs that run now, by name: members, sidecars, what Dapr needs, PostgreSQL, Kafka. */
  programs(): ReadonlyMap<string, number> {
    const { system } = this;
    const programs = new Map(system.memberPids());
    const { daprd, ...children } = system.childPids();
    if (programs.size === 0 && daprd !== undefined) programs.set('daprd', daprd);
    for (const [name, pid] of Object.entries(children)) programs.set(name, pid);
    const kafka = system.kafkaPid();
    if (kafka !== undefined) programs.set('kafka', kafka);
    return programs;
  }

  /** kill -9 of all of these at once. @returns what was done, or null when one of them cannot be killed now */
  kill(...names: string[]): string | null {
    const programs = this.programs();
    const mayDie = (name: string): boolean => performance.now() > (this.killedAt.get(name) ?? -Infinity) + graceMs;
    if (!names.every((name) => programs.has(name) && mayDie(name))) return null;
    this.hitAt = performance.now();
    for (const name of names) this.killedAt.set(name, this.hitAt);
    signalAll(
      names.map((name) => Number(programs.get(name))),
      'SIGKILL',
    );
    if (names.includes('notification')) this.trial.outages.sendersEnded.push(Date.now());
    return `kill -9 of ${names.join(' and ')}`;
  }

  /** To be told when all processes of the system have ended, or the main one has and the others do. */
  ended(): void {
    const { sendersEnded, outputsLost } = this.trial.outages;
    sendersEnded.push(Date.now());
    // There the main process passes on what the others print.
    if (this.hasMembers) outputsLost.push(Date.now());
  }

  /**
   * SIGSTOP, some time later SIGCONT.
   * @param meanwhile done as soon as it stands still
   * @returns for how long, in milliseconds, or null when it does not run now
   */
  async stop(name: string, leastMs: number, mostMs: number, meanwhile?: () => void): Promise<number | null> {
    const pid = this.programs().get(name);
    if (pid === undefined) return null;
    return await this.stopProcesses([pid, ...descendantsOf(pid)], leastMs, mostMs, meanwhile);
  }

  /** The same of the main process alone. */
  async stopMain(leastMs: number, mostMs: number): Promise<number> {
    return await this.stopProcesses([this.system.pid], leastMs, mostMs);
  }

  private async stopProcesses(
    pids: readonly number[],
    leastMs: number,
    mostMs: number,
    meanwhile: () => void = () => undefined,
  ): Promise<number> {
    const ms = this.random.between(leastMs, mostMs);
    this.hitAt = performance.now();
    signalAll(pids, 'SIGSTOP');
    try {
      meanwhile();
      await sleep(ms);
    } finally {
      signalAll(pids, 'SIGCONT');
    }
    return ms;
  }
}
