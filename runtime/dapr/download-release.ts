import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type Dispatcher, EnvHttpProxyAgent, fetch } from 'undici';
import type { Step } from '../progress.js';
import { programFile, programNames } from './programs.js';

const run = promisify(execFile);

/** The newest 1.16 patch: the actor runtime's fixes since 1.16.0 are in it. */
export const releaseVersion = '1.16.19';

/** A closed network must fall through fast to the next source. */
const connectTimeoutMs = 3_000;
/** The least that a download must bring without a pause before it is given up. */
const silenceTimeoutMs = 30_000;

/** The name that Dapr gives to this platform in its releases, undefined where it publishes none. */
export function releasePlatform(platform: string = process.platform, arch: string = process.arch): string | undefined {
  const published = ['linux_amd64', 'linux_arm64', 'linux_arm', 'darwin_amd64', 'darwin_arm64', 'windows_amd64'];
  const name = `${platform === 'win32' ? 'windows' : platform}_${arch === 'x64' ? 'amd64' : arch}`;
  return published.find((known) => known === name);
}

export interface DownloadOptions {
  readonly platform: string;
  /** Where the programs go. */
  readonly folder: string;
  /** Where the archives of the release are, without a slash at the end. */
  readonly url: string;
  readonly step: Step;
  readonly signal?: AbortSignal | undefined;
}

export const officialReleaseUrl = `https://github.com/dapr/dapr/releases/download/v${releaseVersion}`;

/**
 * Downloads the three programs of the official release and unpacks them. Each archive must have the SHA-256 that the
 * release publishes beside it: that finds what the way damaged, and would not find a release that was replaced as a whole.
 * @throws Error when it cannot be reached, or an archive is not what was published
 */
export async function downloadRelease({ platform, folder, url, step, signal }: DownloadOptions): Promise<void> {
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: connectTimeoutMs },
    headersTimeout: silenceTimeoutMs,
    bodyTimeout: silenceTimeoutMs,
  });
  try {
    for (const [place, program] of programNames.entries()) {
      const archive = `${program}_${platform}.${platform.startsWith('windows') ? 'zip' : 'tar.gz'}`;
      const published = (await (await get(`${url}/${archive}.sha256`, agent, signal)).text())
        .slice(0, 64)
        .toLowerCase();
      const file = join(folder, archive);
      const actual = await save(`${url}/${archive}`, file, agent, signal, (received, total) => {
        const share = total > 0 ? received / total : 0;
        step.update(`${program}, ${Math.round(received / 1e6)} MB`, (place + share) / programNames.length);
      });
      if (actual !== published) {
        throw new Error(`${archive} has SHA-256 ${actual}, but ${published} was published: it was not used`);
      }
      // The system's tar: on Windows it is bsdtar, which unpacks zip as well.
      await run('tar', ['-xf', file, '-C', folder, programFile(program)], signal ? { signal } : {});
      await chmod(join(folder, programFile(program)), 0o755);
      await rm(file);
    }
  } finally {
    await agent.destroy();
  }
}

async function get(url: string, dispatcher: Dispatcher, signal: AbortSignal | undefined) {
  const answer = await fetch(url, { dispatcher, ...(signal && { signal }) });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  return answer;
}

/** Saves what is at `url` and resolves to its SHA-256, in hex. */
async function save(
  url: string,
  file: string,
  agent: Dispatcher,
  signal: AbortSignal | undefined,
  onProgress: (received: number, total: number) => void,
): Promise<string> {
  const answer = await get(url, agent, signal);
  if (!answer.body) throw new Error(`${url} is empty`);
  const total = Number(answer.headers.get('content-length') ?? 0);
  const hash = createHash('sha256');
  let received = 0;
  await pipeline(
    Readable.fromWeb(answer.body),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        onProgress((received += chunk.length), total);
        yield chunk;
      }
    },
    createWriteStream(file),
  );
  return hash.digest('hex');
}
