import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { access, constants, mkdir, readFile, realpath } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from './operator-error.js';

/** DATA_DIR cannot be used. The message says why and what to do. */
export class DataDirError extends OperatorError {
  override readonly name = 'DataDirError';
}

/** The folder that one running program has to itself. */
export interface DataDir {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** Adds the URL to what a second start is told about this one. */
  announce(url: string): void;
  /** Gives the folder up; the end of the process does so too, however it ends. */
  close(): void;
}

/** What is written into the lock file, for the message of a second start. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly started_at: string;
  readonly url?: string;
}

/**
 * Makes the folder where it is missing (mode 0700) and locks it for this process. The lock is the kernel's (flock), on a
 * file in the folder: it ends with the process, so nothing stale can block a later start and no process id is trusted,
 * and it is the same lock by whatever path the folder is reached, from another container too.
 * @throws DataDirError when another process has it, or it cannot be written
 */
export async function openDataDir(path: string): Promise<DataDir> {
  const folder = await usable(path, writableFolder(path));
  const file = join(folder, 'lock');
  const lock = await usable(path, openLocked(file));
  if (lock === undefined) throw new DataDirError(await inUse(folder, file));

  const holder: Holder = { pid: process.pid, host: hostname(), started_at: new Date().toISOString() };
  const write = (text: string): void => {
    ftruncateSync(lock);
    writeSync(lock, text, 0);
  };
  write(JSON.stringify(holder));
  return {
    path: folder,
    announce: (url) => write(JSON.stringify({ ...holder, url })),
    // The file stays: were it removed, two starts could each lock a file of this name.
    close: () => {
      write('');
      closeSync(lock);
    },
  };
}

async function writableFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const folder = await realpath(path);
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  return folder;
}

async function usable<T>(path: string, made: Promise<T>): Promise<T> {
  return await made.catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DataDirError(`DATA_DIR ${path} cannot be used: ${why}. Name a folder that this user may write.`, {
      cause,
    });
  });
}

/** The open file with an exclusive lock on it, or undefined when another process has that. */
async function openLocked(file: string): Promise<number | undefined> {
  const { O_RDWR, O_CREAT, O_NONBLOCK } = constants;
  if (process.platform === 'darwin') {
    const O_EXLOCK = 0x20; // <fcntl.h>; open(2) takes the lock there
    try {
      return openSync(file, O_RDWR | O_CREAT | O_EXLOCK | O_NONBLOCK, 0o600);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return undefined;
      throw error;
    }
  }
  const lock = openSync(file, O_RDWR | O_CREAT, 0o600);
  // Node has no flock(2). The lock belongs to the open file, which the command shares with us and leaves to us when it ends.
  const flock = spawn('flock', ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'inherit', lock] });
  const exit: unknown[] = await once(flock, 'exit').catch((cause: unknown) => {
    throw new Error('the command flock (package util-linux) could not be run', { cause });
  });
  const [code] = exit;
  if (code === 0) return lock;
  closeSync(lock);
  if (code === 1) return undefined;
  throw new Error(`flock ended with exit code ${String(code)}`);
}

async function inUse(folder: string, file: string): Promise<string> {
  const advice = 'Stop that one first, or give this one another DATA_DIR.';
  const holder = await readHolder(file);
  if (holder === undefined) return `DATA_DIR ${folder} is in use by another process. ${advice}`;
  const { pid, host, started_at: startedAt, url } = holder;
  const where = host === hostname() ? '' : ` on ${host}`;
  const serving = url === undefined ? '' : `, serving ${url}`;
  return `DATA_DIR ${folder} is in use by process ${pid}${where}, started ${startedAt}${serving}. ${advice}`;
}

/** Who holds it; a new holder may be a moment away from having replaced what the last one wrote. */
async function readHolder(file: string): Promise<Holder | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      const value: unknown = JSON.parse(await readFile(file, 'utf8'));
      if (isHolder(value) && (value.host !== hostname() || isRunning(value.pid))) return value;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    await sleep(20);
  }
  return undefined;
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'pid' in value &&
    typeof value.pid === 'number' &&
    'host' in value &&
    typeof value.host === 'string' &&
    'started_at' in value &&
    typeof value.started_at === 'string'
  );
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
