import { execFile } from 'node:child_process';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { homeFolder } from './cache.js';
import {
  type DaprPrograms,
  minimumVersion,
  missingPrograms,
  programFile,
  programNames,
  programsIn,
} from './programs.js';

const run = promisify(execFile);
const versionTimeoutMs = 10_000;

/** A Dapr that a setting names and that cannot be used. */
export class UnusableDaprError extends Error {
  override readonly name = 'UnusableDaprError';
}

/**
 * Dapr as installed on this machine: what `DAPR_BIN` names (a folder, or its daprd), else the first usable one on `PATH`
 * and in `~/.dapr/bin`, where `dapr init --slim` puts it.
 * @param note told why one that was found is passed over
 * @throws UnusableDaprError when `DAPR_BIN` names one that is incomplete or too old
 */
export async function findInstalled(
  env: NodeJS.ProcessEnv,
  note: (text: string) => void,
): Promise<DaprPrograms | undefined> {
  const named = env['DAPR_BIN'];
  if (named) {
    const path = resolve(named);
    const folder = basename(path) === programFile('daprd') ? dirname(path) : path;
    const found = await inspect(folder, 'DAPR_BIN');
    if (typeof found === 'string') {
      throw new UnusableDaprError(`DAPR_BIN names ${path}, but ${found}; correct it or unset it`);
    }
    return found;
  }
  for (const { folder, source } of usualFolders(env)) {
    if ((await missingPrograms(folder)).includes('daprd')) continue;
    const found = await inspect(folder, source);
    if (typeof found !== 'string') return found;
    note(`passing over Dapr in ${folder} (${source}): ${found}`);
  }
  return undefined;
}

function usualFolders(env: NodeJS.ProcessEnv): { folder: string; source: string }[] {
  const path = (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const home = homeFolder(env);
  return [
    ...path.map((folder) => ({ folder, source: 'PATH' })),
    ...(home === undefined ? [] : [{ folder: join(home, '.dapr', 'bin'), source: '~/.dapr/bin' }]),
  ];
}

/** The folder's programs, or what is wrong with them. */
async function inspect(folder: string, source: string): Promise<DaprPrograms | string> {
  const missing = await missingPrograms(folder);
  if (missing.length > 0) {
    return `${missing.join(' and ')} cannot be run there; ${programNames.join(', ')} are all needed (dapr init --slim installs them)`;
  }
  const programs = programsIn(folder, '', source);
  let version: string;
  try {
    version = (await run(programs.daprd, ['--version'], { timeout: versionTimeoutMs })).stdout.trim();
  } catch (error) {
    return `its daprd does not tell its version: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (!isAtLeast(version, minimumVersion)) {
    return `it is Dapr ${version || 'of no version'}, and ${minimumVersion} or newer is needed`;
  }
  return { ...programs, version };
}

/** Compares major.minor.patch. A version without numbers (a development build says `edge`) is never enough. */
export function isAtLeast(version: string, minimum: string): boolean {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (!parts) return false;
  const needed = minimum.split('.').map(Number);
  for (const [place, need] of needed.entries()) {
    const have = parts[place] ?? 0;
    if (have !== need) return have > need;
  }
  return true;
}
