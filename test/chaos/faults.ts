import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startSecondHost } from '../support/second-host.js';
import { signalAll } from '../support/signal-all.js';
import type { Shape } from '../support/system.js';
import { databaseUrlOf } from '../support/trial.js';
import { until } from '../support/until.js';
import type { Victim } from './victim.js';

/** What was done: faults of one kind are reported together. */
export interface Done {
  readonly kind: string;
  readonly detail?: string;
}

/** Does something bad, by chances that the seed decides; null when it cannot be done now. */
export type Fault = (victim: Victim) => Promise<Done | null>;

const done = (kind: string | null, detail?: string): Done | null =>
  kind === null ? null : { kind, ...(detail !== undefined && { detail }) };

const kill =
  (...names: string[]): Fault =>
  (victim) =>
    Promise.resolve(done(victim.kill(...names)));

const stop =
  (name: string, mostMs = 4_000, leastMs = 500): Fault =>
  async (victim) => {
    const ms = await victim.stop(name, leastMs, mostMs);
    return ms === null ? null : { kind: `SIGSTOP of ${name}`, detail: `for ${ms} ms` };
  };

/** Its control plane ends with the first host, so the second cannot outlive it. */
async function endSecond(victim: Victim): Promise<void> {
  const { second } = victim;
  victim.second = undefined;
  await second?.kill9();
}

async function killAll(victim: Victim): Promise<void> {
  signalAll(victim.system.descendants(), 'SIGKILL');
  await Promise.all([victim.system.kill9(), endSecond(victim)]);
  victim.ended();
}

async function stopAll(victim: Victim): Promise<void> {
  await Promise.all([victim.system.stop(), endSecond(victim)]);
  victim.ended();
}

/** Of the split shape. */
const memberNames = [
  'actors-1',
  'actors-2',
  'audit',
  'notification',
  'recurrence',
  'websocket-1',
  'websocket-2',
  'gateway',
] as const;

const pickMember = ({ random }: Victim): string => random.pick(memberNames);

export const faults = {
  async killProgram(victim) {
    const { system } = victim;
    const programs = system.descendants();
    victim.hitAt = performance.now();
    await Promise.all([system.kill9(), endSecond(victim)]);
    await until('its programs have ended', () => !programs.some((pid) => isAlive(pid)), 30_000);
    victim.ended();
    await system.start();
    return { kind: 'kill -9 of the main process' };
  },
  async killEverything(victim) {
    const { system } = victim;
    await victim.trial.load.nextAcknowledgement();
    const oldKafka = system.kafkaPid();
    const kafka = victim.random.chance(0.5) ? victim.kill('kafka') : null;
    victim.hitAt = performance.now();
    await killAll(victim);
    // A start needs it.
    if (kafka !== null) {
      await until('kafka is there again', () => ![undefined, oldKafka].includes(system.kafkaPid()), 60_000);
    }
    await system.start();
    return { kind: `kill -9 of all processes at once${kafka === null ? '' : ', and of kafka'}` };
  },
  async restart(victim) {
    victim.hitAt = performance.now();
    await stopAll(victim);
    await victim.system.start();
    return { kind: 'stopped in order and started again' };
  },
  /** What is due meanwhile comes late, and says so. */
  async downtime(victim) {
    const { system, trial, random, longestDownMs } = victim;
    const isKilled = random.chance(0.5);
    await (isKilled ? killAll : stopAll)(victim);
    const from = Date.now();
    await sleep(random.between(longestDownMs / 4, longestDownMs));
    const to = Date.now();
    trial.outages.downs.push({ from, to });
    victim.hitAt = performance.now();
    await system.start();
    const kind = `everything was down after ${isKilled ? 'kill -9 of all processes' : 'a stop in order'}`;
    return { kind, detail: `for ${to - from} ms` };
  },
  killDaprd: kill('daprd'),
  killPlacement: kill('placement'),
  killScheduler: kill('scheduler'),
  killPostgres: kill('postgres'),
  killTwo: kill('daprd', 'postgres'),
  async killBackend(victim) {
    const database = new pg.Client({ connectionString: await databaseUrlOf(victim.system) });
    database.on('error', () => undefined); // its connection breaks with all others
    await database.connect();
    const { rows } = await database.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'todo-%' ORDER BY random() LIMIT 1`,
    );
    const pid = rows[0]?.pid;
    victim.hitAt = performance.now();
    if (pid !== undefined) signalAll([pid], 'SIGKILL');
    await database.end().catch(() => undefined);
    return done(pid === undefined ? null : 'kill -9 of a backend of postgres');
  },
  pauseDaprd: stop('daprd'),
  pausePlacement: stop('placement'),
  pauseScheduler: stop('scheduler'),
  pausePostgres: stop('postgres'),
  async pauseProgram(victim) {
    return { kind: 'SIGSTOP of the main process', detail: `for ${await victim.stopMain(500, 8_000)} ms` };
  },
  async secondHost(victim) {
    const { second } = victim;
    if (!second) {
      victim.second = await startSecondHost(victim.system);
      return { kind: 'a host of actors joined' };
    }
    victim.second = undefined;
    const detail = `after ${second.turns} turns`;
    victim.hitAt = performance.now();
    if (victim.random.chance(0.5)) {
      await second.leave();
      return { kind: 'a host of actors left', detail };
    }
    await second.kill9();
    return { kind: 'kill -9 of a host of actors that had joined', detail };
  },
  interruptLive({ trial }) {
    for (const follower of trial.followers) follower.interrupt();
    return Promise.resolve({ kind: 'all live connections broke' });
  },
  /** The hand of whoever is hurried is on a system that cannot write. */
  async fillQueues(victim) {
    const { load } = victim.trial;
    const name = victim.system.kafkaBrokers !== null && victim.random.chance(0.5) ? 'kafka' : 'postgres';
    load.isHurried = true;
    const ms = await victim.stop(name, 2_000, 6_000).finally(() => (load.isHurried = false));
    return ms === null ? null : { kind: `a rush while ${name} stood still`, detail: `for ${ms} ms` };
  },
  killKafka: kill('kafka'),
  /** No event can be published, and that is no command's concern. */
  async stopKafka(victim) {
    const { load } = victim.trial;
    const before = load.acknowledged;
    const ms = await victim.stop('kafka', 5_000, 20_000);
    if (ms === null) return null;
    const commands = load.acknowledged - before;
    if (commands === 0) load.faults.push(`no command was acknowledged while kafka stood still for ${ms} ms`);
    return { kind: 'SIGSTOP of kafka', detail: `for ${ms} ms, in which ${commands} commands were acknowledged` };
  },
  killMember: (victim) => kill(pickMember(victim))(victim),
  killSidecar: (victim) => kill(`daprd-${pickMember(victim)}`)(victim),
  killMemberAndSidecar(victim) {
    const name = pickMember(victim);
    return kill(name, `daprd-${name}`)(victim);
  },
  killHostAndPlacement: (victim) => kill(victim.random.pick(['actors-1', 'actors-2']), 'placement')(victim),
  /** Its actors go to the other host, and come back to one that knows them as they were. */
  async takeHostForDead(victim) {
    const name = victim.random.pick(['actors-1', 'actors-2']);
    const ms = await victim.stop(name, 3_000, 8_000, () => victim.kill(`daprd-${name}`));
    return ms === null ? null : { kind: `SIGSTOP of ${name} and kill -9 of its daprd`, detail: `for ${ms} ms` };
  },
  stopMember: (victim) => stop(pickMember(victim), 8_000)(victim),
  stopSidecar: (victim) => stop(`daprd-${pickMember(victim)}`, 8_000)(victim),
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];
type Weights = Readonly<Record<FaultName, number>>;

const everywhere: Weights = {
  killProgram: 2,
  killEverything: 2,
  restart: 1,
  downtime: 2,
  killDaprd: 0,
  killPlacement: 2,
  killScheduler: 1,
  killPostgres: 3,
  killTwo: 0,
  killBackend: 2,
  pauseDaprd: 0,
  pausePlacement: 1,
  pauseScheduler: 1,
  pausePostgres: 2,
  pauseProgram: 2,
  secondHost: 0,
  interruptLive: 2,
  fillQueues: 2,
  killKafka: 0,
  stopKafka: 0,
  killMember: 0,
  killSidecar: 0,
  killMemberAndSidecar: 0,
  killHostAndPlacement: 0,
  takeHostForDead: 0,
  stopMember: 0,
  stopSidecar: 0,
};
const oneProcess = { killDaprd: 3, killTwo: 1, pauseDaprd: 2, secondHost: 6 };
const onKafka = { killKafka: 3, stopKafka: 2 };

/** How often each is chosen. */
export const faultWeights: Readonly<Record<Shape, Weights>> = {
  'one-process': { ...everywhere, ...oneProcess },
  kafka: { ...everywhere, ...oneProcess, ...onKafka },
  // Where there are two hosts all the time, no third need come.
  split: {
    ...everywhere,
    ...onKafka,
    killMember: 10,
    killSidecar: 8,
    killMemberAndSidecar: 2,
    killHostAndPlacement: 1,
    takeHostForDead: 3,
    stopMember: 5,
    stopSidecar: 4,
  },
};

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
