import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { check, settled } from './checker.js';
import { LiveFollower } from './live-follower.js';
import { Load, type LoadUser } from './load.js';
import { newSeed, Seeded } from './seeded.js';
import type { TestSystem } from './system.js';
import { until } from './until.js';

/** Acknowledged commands before a fault and after it. */
const enough = 100;
const recoveryWithinMs = 60_000;

export interface Trial {
  readonly users: readonly LoadUser[];
  readonly load: Load;
  readonly followers: readonly LiveFollower[];
  readonly random: Seeded;
  /** Waits until all that these users did is published, in the log and seen live. @throws Error that says what is not */
  everywhere(users: readonly LoadUser[]): Promise<void>;
  /** Waits until so many commands more are acknowledged. */
  acknowledgedMore(count?: number): Promise<void>;
}

export interface TrialOptions {
  readonly users?: number;
  readonly clientsPerUser?: number;
  readonly pauseMs?: number;
  readonly seed?: number;
  /** The load ends by itself after this time, in milliseconds. */
  readonly longestMs?: number;
}

/**
 * Puts a system under load, lets something happen to it, waits until commands are acknowledged again, and expects that every
 * promise was kept.
 */
export async function underLoad(
  system: TestSystem,
  what: string,
  happens: (trial: Trial) => Promise<void>,
  { users: count = 6, clientsPerUser = 2, pauseMs = 40, seed = newSeed(), longestMs = 120_000 }: TrialOptions = {},
): Promise<void> {
  const random = new Seeded(seed);
  const users = await Promise.all(
    Array.from({ length: count }, async () => {
      const id = `user-${randomUUID().slice(0, 8)}`;
      return { id, token: await system.tokenFor(id) };
    }),
  );
  const url = (): string | null => urlOf(system);
  const followers = users.map((user) => new LiveFollower(user, url));
  const load = new Load({
    url,
    users,
    clientsPerUser,
    pauseMs,
    seed: random.fork().between(0, 2 ** 31),
    mostCommands: 100_000,
    longestMs,
  });
  const acknowledgedMore = async (more = enough): Promise<void> => {
    const goal = load.acknowledged + more;
    await until(`${more} more commands acknowledged`, () => load.acknowledged >= goal || load.isOver, recoveryWithinMs);
  };
  const options = async (some: readonly LoadUser[] = users) => ({
    url: system.url,
    databaseUrl: await databaseUrlOf(system),
    users: some,
    load,
    followers,
  });
  const everywhere = async (some: readonly LoadUser[]): Promise<void> => {
    expect(await settled(await options(some)), `seed ${seed}`).to.deep.equal([]);
  };
  try {
    await acknowledgedMore();
    // What is lost of these users, no later event of theirs would bring to light.
    load.fallSilent(users.slice(0, users.length / 3));
    const began = performance.now();
    await happens({ users, load, everywhere, followers, random, acknowledgedMore });
    await acknowledgedMore();
    await load.stop();
    const silence = (load.longestSilence(began) / 1000).toFixed(1);
    const sum = `${load.acknowledged} answers to ${load.commands.length} commands, ${load.unavailable} times 503`;
    process.stdout.write(`      seed ${seed}, ${what}: ${sum}, at most ${silence} s without an acknowledgement\n`);

    const late = await settled(await options());
    expect([...late, ...(await check(await options()))].slice(0, 20), `seed ${seed}`).to.deep.equal([]);
  } catch (error) {
    process.stdout.write(`      seed ${seed}, ${what}: failed\n`);
    throw error;
  } finally {
    await Promise.all([load.stop(), ...followers.map((follower) => follower.stop())]);
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
