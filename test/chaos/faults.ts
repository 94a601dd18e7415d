import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Seeded } from '../support/seeded.js';
import { signalAll } from '../support/signal-all.js';
import { startSecondHost, type SecondHost } from '../support/second-host.js';
import { descendantsOf, type ChildName, type TestSystem } from '../support/system.js';
import { databaseUrlOf, type Trial } from '../support/trial.js';

/** What faults are done to: a system under load, at times with a second host of its actors. */
export interface Victim {
  readonly system: TestSystem;
  readonly trial: Trial;
  readonly random: Seeded;
  second: SecondHost | undefined;
}

/** Does something bad, by chances that the seed decides. Says what it did, or null when it could not be done now. */
type Fault = (victim: Victim) => Promise<string | null>;

/** A supervisor gives a program up that dies again and again: each is left alone this long after it was killed. */
const graceMs = 15_000;
const killedAt = new Map<ChildName, number>();

const kill = (victim: Victim, ...names: ChildName[]): Promise<string | null> => {
  const running = victim.system.childPids();
  const mayDie = (name: ChildName): boolean => performance.now() > (killedAt.get(name) ?? -Infinity) + graceMs;
  if (!names.every((name) => running[name] !== undefined && mayDie(name))) return Promise.resolve(null);
  for (const name of names) {
    killedAt.set(name, performance.now());
    signalAll([Number(running[name])], 'SIGKILL');
  }
  return Promise.resolve(`kill -9 of ${names.join(' and ')}`);
};

const pause = async ({ random }: Victim, name: string, pids: readonly number[], longestMs: number): Promise<string> => {
  const ms = random.between(500, longestMs);
  signalAll(pids, 'SIGSTOP');
  await sleep(ms);
  signalAll(pids, 'SIGCONT');
  return `${name} stood still for ${ms} ms`;
};

const pauseChild = async (victim: Victim, name: ChildName): Promise<string | null> => {
  const pid = victim.system.childPids()[name];
  return pid === undefined ? null : await pause(victim, name, [pid, ...descendantsOf(pid)], 4_000);
};

/** Its control plane ends with the first host, so the second cannot outlive it. */
const endSecond = async (victim: Victim): Promise<void> => {
  await victim.second?.kill9();
  victim.second = undefined;
};

export const faults = {
  async killProgram(victim) {
    const { system } = victim;
    const programs = system.descendants();
    await Promise.all([system.kill9(), endSecond(victim)]);
    while (programs.some((pid) => isAlive(pid))) await sleep(20);
    await system.start();
    return 'kill -9 of the program';
  },
  async killEverything(victim) {
    const { system } = victim;
    await victim.trial.load.nextAcknowledgement();
    signalAll(system.descendants(), 'SIGKILL');
    await Promise.all([system.kill9(), endSecond(victim)]);
    await system.start();
    return 'kill -9 of the program and all its programs';
  },
  async restart(victim) {
    await Promise.all([victim.system.stop(), endSecond(victim)]);
    await victim.system.start();
    return 'stopped in order and started again';
  },
  killDaprd: (victim) => kill(victim, 'daprd'),
  killPlacement: (victim) => kill(victim, 'placement'),
  killScheduler: (victim) => kill(victim, 'scheduler'),
  killPostgres: (victim) => kill(victim, 'postgres'),
  killTwo: (victim) => kill(victim, 'daprd', 'postgres'),
  async killBackend({ system }) {
    const database = new pg.Client({ connectionString: await databaseUrlOf(system) });
    database.on('error', () => undefined); // its connection breaks with all others
    await database.connect();
    const { rows } = await database.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'todo-chatbot' ORDER BY random() LIMIT 1`,
    );
    const pid = rows[0]?.pid;
    if (pid !== undefined) signalAll([pid], 'SIGKILL');
    await database.end().catch(() => undefined);
    return pid === undefined ? null : 'kill -9 of a backend of PostgreSQL';
  },
  pauseDaprd: (victim) => pauseChild(victim, 'daprd'),
  pausePlacement: (victim) => pauseChild(victim, 'placement'),
  pausePostgres: (victim) => pauseChild(victim, 'postgres'),
  pauseProgram: (victim) => pause(victim, 'the program', [victim.system.pid], 8_000),
  async secondHost(victim) {
    const { second } = victim;
    if (!second) {
      victim.second = await startSecondHost(victim.system);
      return 'a second host joined';
    }
    victim.second = undefined;
    if (victim.random.chance(0.5)) {
      await second.leave();
      return `the second host left after ${second.turns} turns`;
    }
    await second.kill9();
    return `kill -9 of the second host after ${second.turns} turns`;
  },
  interruptLive({ trial }) {
    for (const follower of trial.followers) follower.interrupt();
    return Promise.resolve('all live connections broke');
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

/** How often each is chosen. */
export const faultWeights: Readonly<Record<FaultName, number>> = {
  killProgram: 2,
  killEverything: 2,
  restart: 1,
  killDaprd: 3,
  killPlacement: 2,
  killScheduler: 1,
  killPostgres: 3,
  killTwo: 1,
  killBackend: 2,
  pauseDaprd: 2,
  pausePlacement: 1,
  pausePostgres: 2,
  pauseProgram: 2,
  secondHost: 6,
  interruptLive: 2,
};

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
