import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { check, linesCome, settled, type Findings } from './checker.js';
import { LiveFollower } from './live-follower.js';
import { Load, type LoadUser } from './load.js';
import { Outages } from './outages.js';
import { ReminderLines } from './reminder-lines.js';
import { newSeed, Seeded } from './seeded.js';
import type { TestSystem } from './system.js';
import { until } from './until.js';

/** Acknowledged commands before a fault and after it. */
const enough = 100;
const recoveryWithinMs = 60_000;
/** How soon all must be everywhere, in milliseconds: a consumer of Kafka that was killed holds its place for a while. */
const settledWithinMs = 20_000;
const settledByKafkaWithinMs = 60_000;
/** Who has taken a reminder to send it and died keeps it from others so long, in milliseconds. */
const leaseMs = 60_000;
/** How long a line of the program may take until it is seen here, in milliseconds. */
const lineWithinMs = 10_000;
/** Reminders that come later than this come after the trial, in milliseconds. */
const comingMs = 10 * 60_000;
/** No token may run out within a trial. */
const tokenSeconds = 24 * 3600;

export interface Trial {
  /** Who is at work all the time. */
  readonly users: readonly LoadUser[];
  /** Who does something now and then. */
  readonly lightUsers: readonly LoadUser[];
  readonly load: Load;
  readonly followers: readonly LiveFollower[];
  readonly random: Seeded;
  /** To be told of what happens to the system. */
  readonly outages: Outages;
  /**
   * Waits until all that these users did is published, in the log and seen live.
   * @param tell told once of what takes long
   * @throws Error that says what is not
   */
  everywhere(users: readonly LoadUser[], tell?: (late: readonly string[]) => void): Promise<void>;
  /** Waits until so many commands more are acknowledged. */
  acknowledgedMore(count?: number): Promise<void>;
}

/** A trial whose end is up to who began it. */
export interface OpenTrial extends Trial {
  /** Stops the load and checks every promise: what is late, and all that is broken. */
  findings(): Promise<Findings>;
  /** Ends whatever is still at work. */
  close(): Promise<void>;
}

export interface TrialOptions {
  readonly users?: number;
  readonly clientsPerUser?: number;
  readonly pauseMs?: number;
  /** Users beside them who do something now and then; some of them follow their tasks live. */
  readonly light?: { readonly users: number; readonly pauseMs: number; readonly followers: number };
  /** Live connections of each of the other users. */
  readonly followersPerUser?: number;
  /** Clients also make tasks that recur, and that remind within this time, in milliseconds; absent: none do. */
  readonly remindWithinMs?: number;
  readonly seed?: number;
  /** The load ends by itself after this time, in milliseconds. */
  readonly longestMs?: number;
}

/** Puts a system under load. */
export async function beginTrial(
  system: TestSystem,
  {
    users: count = 6,
    clientsPerUser = 2,
    pauseMs = 40,
    light = { users: 0, pauseMs, followers: 0 },
    followersPerUser = 1,
    remindWithinMs,
    seed = newSeed(),
    longestMs = 120_000,
  }: TrialOptions = {},
): Promise<OpenTrial> {
  const random = new Seeded(seed);
  const newUsers = (most: number): Promise<LoadUser[]> =>
    Promise.all(
      Array.from({ length: most }, async () => {
        const id = `user-${randomUUID().slice(0, 8)}`;
        return { id, token: await system.tokenFor(id, undefined, tokenSeconds) };
      }),
    );
  const users = await newUsers(count);
  const lightUsers = await newUsers(light.users);
  const url = (): string | null => urlOf(system);
  const followed = [...users.flatMap((user) => Array<LoadUser>(followersPerUser).fill(user))];
  const followers = [...followed, ...lightUsers.slice(0, light.followers)].map((user) => new LiveFollower(user, url));
  const load = new Load({
    url,
    users,
    clientsPerUser,
    pauseMs,
    light: { users: lightUsers, pauseMs: light.pauseMs },
    remindWithinMs,
    seed: random.fork().between(0, 2 ** 31),
    mostCommands: 1_000_000,
    longestMs,
  });
  const outages = new Outages();
  const reminderLines = new ReminderLines(system.lines);
  const options = async (some: readonly LoadUser[]) => ({
    url: system.url,
    databaseUrl: await databaseUrlOf(system),
    kafkaBrokers: system.kafkaBrokers,
    users: some,
    load,
    followers,
    lines: reminderLines.lines,
    outages,
  });
  const withinMs = system.kafkaBrokers === null ? settledWithinMs : settledByKafkaWithinMs;

  return {
    users,
    lightUsers,
    load,
    followers,
    random,
    outages,
    async everywhere(some, tell) {
      const late = await settled(await options(some), withinMs, { tell });
      if (late.length > 0) throw new Error(`seed ${seed}, after ${withinMs / 1000} s: ${late.join('; ')}`);
    },
    async acknowledgedMore(more = enough) {
      const goal = load.acknowledged + more;
      await until(
        `${more} more commands acknowledged`,
        () => load.acknowledged >= goal || load.isOver,
        recoveryWithinMs,
      );
    },
    async findings() {
      await load.stop();
      const everybody = [...users, ...lightUsers];
      const missing = await settled(await options(everybody), withinMs + (remindWithinMs ?? 0) + leaseMs, { comingMs });
      await linesCome(await options(everybody), lineWithinMs);
      const { faults, ...figures } = await check(await options(everybody));
      return { faults: [...missing, ...faults], ...figures };
    },
    async close() {
      reminderLines.stop();
      await Promise.all([load.stop(), ...followers.map((follower) => follower.stop())]);
    },
  };
}

/**
 * Puts a system under load, lets something happen to it, waits until commands are acknowledged again, and expects that every
 * promise was kept.
 */
export async function underLoad(
  system: TestSystem,
  what: string,
  happens: (trial: Trial) => Promise<void>,
  { seed = newSeed(), ...options }: TrialOptions = {},
): Promise<void> {
  const trial = await beginTrial(system, { seed, ...options });
  const { load, users } = trial;
  try {
    await trial.acknowledgedMore();
    // What is lost of these users, no later event of theirs would bring to light.
    load.fallSilent(users.slice(0, users.length / 3));
    const began = performance.now();
    await happens(trial);
    await trial.acknowledgedMore();
    await load.stop();
    const silence = (load.longestSilence(began) / 1000).toFixed(1);
    const sum = `${load.acknowledged} answers to ${load.commands.length} commands, ${load.unavailable} times 503`;
    process.stdout.write(`      seed ${seed}, ${what}: ${sum}, at most ${silence} s without an acknowledgement\n`);

    const { faults } = await trial.findings();
    expect(faults.slice(0, 20), `seed ${seed}`).to.deep.equal([]);
  } catch (error) {
    process.stdout.write(`      seed ${seed}, ${what}: failed\n`);
    throw error;
  } finally {
    await trial.close();
  }
}

/** What `/readyz` says; false also when it says nothing. */
export async function isReady(system: TestSystem): Promise<boolean> {
  const url = urlOf(system);
  if (url === null) return false;
  return await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.ok;
    },
    () => false,
  );
}

/** null while it is not running. */
function urlOf(system: TestSystem): string | null {
  try {
    return system.url;
  } catch {
    return null;
  }
}

/** Where the embedded PostgreSQL of a running system listens. */
export async function databaseUrlOf(system: TestSystem): Promise<string> {
  const password = (await readFile(join(system.dataDir, 'postgres-password'), 'utf8')).trim();
  // The fourth line of the file is the port (PostgreSQL's documentation, "Database File Layout").
  const port = (await readFile(join(system.dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[3];
  return `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
}
