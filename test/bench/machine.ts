import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import type { Pool } from 'pg';

const run = promisify(execFile);
/** TMPFS_MAGIC of statfs(2). */
const tmpfs = 0x01021994;

/** What the figures were measured on. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly system: string;
  /** Where the database lies: on `tmpfs` a commit waits for no disk. */
  readonly storage: string;
  readonly node: string;
  readonly postgres: string;
  readonly dapr: string;
  readonly commit: string;
}

/**
 * @param folder where the database lies
 * @param lines what the system printed while it started
 */
export async function describeMachine(pool: Pool, folder: string, lines: readonly string[]): Promise<Machine> {
  const { rows } = await pool.query<{ server_version: string }>('SHOW server_version');
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    storage: (await statfs(folder)).type === tmpfs ? 'tmpfs' : 'disk',
    node: process.version,
    postgres: rows[0]?.server_version ?? 'unknown',
    dapr: lines.map((line) => /^✓ Dapr – (\S+),/.exec(line)?.[1]).find(Boolean) ?? 'unknown',
    commit: await commit(),
  };
}

async function commit(): Promise<string> {
  const { stdout } = await run('git', ['describe', '--always', '--dirty']).catch(() => ({ stdout: 'unknown' }));
  return stdout.trim();
}
