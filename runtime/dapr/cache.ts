import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { lockByProcess } from './process-lock.js';

/** The home folder of the person, undefined where there is none (a service account without an entry). */
export function homeFolder(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['HOME'] ?? env['USERPROFILE'];
  if (named) return named;
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/**
 * The folder that keeps Dapr between starts, made when missing: in the user's cache folder as the platform has it
 * (Linux: the XDG Base Directory Specification), or below the temporary folder where that cannot be written.
 */
export async function daprCacheFolder(env: NodeJS.ProcessEnv): Promise<string> {
  const user = userCacheFolder(env);
  if (user !== undefined) {
    try {
      return await madeFolder(join(user, 'todo-chatbot', 'dapr'));
    } catch (error) {
      if (!isUnwritable(error)) throw error;
    }
  }
  return await madeFolder(await privateTemporaryFolder());
}

function userCacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  const home = homeFolder(env);
  if (process.platform === 'win32') return env['LOCALAPPDATA'] ?? (home && join(home, 'AppData', 'Local'));
  if (process.platform === 'darwin') return home && join(home, 'Library', 'Caches');
  const xdg = env['XDG_CACHE_HOME'];
  // The specification has relative paths ignored.
  return xdg && isAbsolute(xdg) ? xdg : home && join(home, '.cache');
}

/** What is executed must not come from a folder that somebody else could have made first. */
async function privateTemporaryFolder(): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const folder = await madeFolder(join(tmpdir(), `todo-chatbot-${uid}`));
  const found = await lstat(folder);
  const isOurs =
    found.isDirectory() && (process.platform === 'win32' || (found.uid === uid && (found.mode & 0o022) === 0));
  if (!isOurs) throw new Error(`${folder} belongs to somebody else; set XDG_CACHE_HOME to a folder of your own`);
  return join(folder, 'dapr');
}

async function madeFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function isUnwritable(error: unknown): boolean {
  const codes = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR'];
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

export interface MakeOnceOptions {
  /** Absolute path of the folder that is wanted. Its parent exists. */
  readonly folder: string;
  /** True when the folder is there with all that belongs into it. */
  isWhole(folder: string): Promise<boolean>;
  /** Fills an empty folder. Whatever it leaves there when it fails is removed. */
  make(folder: string): Promise<void>;
  /** Called when another process is making the same folder, and this one waits for it. */
  onWait(): void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a folder once, however many processes want it at the same time: it appears whole and durable under its name, or
 * not at all. Resolves to whether this call made it.
 */
export async function makeOnce({ folder, isWhole, make, onWait, signal }: MakeOnceOptions): Promise<boolean> {
  if (await isWhole(folder)) return false;
  const release = await lockByProcess(folder, onWait, signal);
  const parent = dirname(folder);
  const making = `${folder}.making-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    if (await isWhole(folder)) return false;
    await removeLeftovers(parent);
    await mkdir(making, { mode: 0o700 });
    await make(making);
    await syncFolder(making);
    await rm(folder, { recursive: true, force: true });
    await rename(making, folder);
    await syncPath(parent);
    return true;
  } finally {
    await rm(making, { recursive: true, force: true });
    release();
  }
}

/** Removes what processes that are gone left half-made. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /\.making-(\d+)-/.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Without this a power cut after the rename could leave the name, and files without their content. */
async function syncFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await syncPath(join(folder, name));
  await syncPath(folder);
}

async function syncPath(path: string): Promise<void> {
  // Windows can neither open a folder nor sync what was opened for reading.
  if (process.platform === 'win32') return;
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
