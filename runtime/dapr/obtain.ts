import { dirname, join } from 'node:path';
import type { Progress, Step } from '../progress.js';
import { buildFromSource, type DaprSource, readDaprSource } from './build-from-source.js';
import { daprCacheFolder, makeOnce } from './cache.js';
import { downloadRelease, officialReleaseUrl, releasePlatform, releaseVersion } from './download-release.js';
import { findInstalled } from './find-installed.js';
import { type DaprPrograms, missingPrograms, programsIn } from './programs.js';

export type { DaprPrograms } from './programs.js';

export interface ObtainOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: Progress;
  /** Where Dapr is kept between starts; by default in the user's cache folder. */
  readonly cacheDir?: string;
  readonly signal?: AbortSignal;
  /** Where the official release is downloaded from. */
  readonly releaseUrl?: string;
  /** Builds the programs into a folder. */
  readonly build?: typeof buildFromSource;
}

/**
 * Finds or makes daprd, placement and scheduler: as installed (`DAPR_BIN`, PATH, `~/.dapr/bin`), else kept from an earlier
 * start, else the official release, else built with Go. Why in this order: docs/decisions/0002-where-dapr-comes-from.md
 * @throws UnusableDaprError when `DAPR_BIN` names an unusable one; Error that names what was tried when nothing worked
 */
export async function obtainDapr(options: ObtainOptions): Promise<DaprPrograms> {
  const { env, progress } = options;
  const installed = await findInstalled(env, (text) => progress.note(text));
  if (installed) {
    progress.step('Dapr').done(`${installed.version}, as installed (${installed.source})`);
    return installed;
  }

  const cacheDir = options.cacheDir ?? (await daprCacheFolder(env));
  const platform = releasePlatform();
  const release = join(cacheDir, `release-${releaseVersion}-${platform ?? 'none'}`);
  const source = await readDaprSource();
  const built = join(cacheDir, source.key);

  for (const kept of [
    programsIn(release, releaseVersion, 'official release'),
    programsIn(built, source.version, 'built from the Go module'),
  ]) {
    if (!(await isWhole(dirname(kept.daprd)))) continue;
    progress.step('Dapr').done(`${kept.version}, ${kept.source}, kept from an earlier start`);
    return kept;
  }

  const step = progress.step(`Dapr ${releaseVersion}, official release`);
  const whyNot =
    platform === undefined ? 'Dapr publishes none for this platform' : await download(release, platform, step, options);
  if (whyNot === undefined) return programsIn(release, releaseVersion, 'official release');
  step.fail(whyNot);
  options.signal?.throwIfAborted();

  await build(built, source, cacheDir, whyNot, options);
  return programsIn(built, source.version, 'built from the Go module');
}

/** Resolves to why it could not be had, undefined when it is there. */
async function download(
  folder: string,
  platform: string,
  step: Step,
  { signal, releaseUrl = officialReleaseUrl }: ObtainOptions,
): Promise<string | undefined> {
  try {
    await makeOnce({
      folder,
      isWhole,
      make: (making) => downloadRelease({ platform, folder: making, url: releaseUrl, step, signal }),
      onWait: () => step.update(waiting),
      signal,
    });
    step.done('SHA-256 as published');
    return undefined;
  } catch (error) {
    return causes(error);
  }
}

async function build(
  folder: string,
  source: DaprSource,
  cacheDir: string,
  whyNoRelease: string,
  { env, progress, signal, build: make = buildFromSource }: ObtainOptions,
): Promise<void> {
  const step = progress.step(`Dapr ${source.version}, built from the Go module`);
  try {
    const isNew = await makeOnce({
      folder,
      isWhole,
      make: (making) => make({ source, folder: making, cacheDir, env, step, signal }),
      onWait: () => step.update(waiting),
      signal,
    });
    step.done(isNew ? 'kept for the next start' : 'made by another start');
  } catch (error) {
    step.fail('');
    signal?.throwIfAborted();
    throw new Error(
      [
        'Dapr could not be obtained:',
        '- none is installed (DAPR_BIN, PATH, ~/.dapr/bin)',
        `- the official release ${releaseVersion}: ${whyNoRelease}`,
        `- a build of ${source.version}: ${causes(error)}`,
        'Install Dapr (dapr init --slim) or Go 1.24.6 or newer, or set DAPR_BIN to a folder with daprd, placement and scheduler.',
      ].join('\n'),
      { cause: error },
    );
  }
}

const waiting = 'another start is at it, waiting for it';

async function isWhole(folder: string): Promise<boolean> {
  return (await missingPrograms(folder)).length === 0;
}

/** The messages of an error and its causes: `fetch failed` alone tells nobody anything. */
function causes(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${causes(error.cause)}`;
}
