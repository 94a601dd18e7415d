import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, constants, readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../package-root.js';
import type { Step } from '../progress.js';
import { homeFolder } from './cache.js';

const sourceFolder = join(packageRoot, 'docker', 'dapr');
const keptLines = 15;
/** What Go prints for each package and module: nothing that explains a failure. */
const routine = /^([^\s:]+|go: downloading .*)$/;
/** Without it Go asks git, which refuses a clone that belongs to another user. */
const noGit = '-buildvcs=false';

/** What a build is made from, and what it is called in the cache. */
export interface DaprSource {
  /** Version of the Dapr modules in go.mod. */
  readonly version: string;
  /** Arguments of `go build`, without where its results go. */
  readonly flags: readonly string[];
  /** Hash of the sources, go.mod, go.sum, the flags and the platform. */
  readonly key: string;
}

/** Reads the committed sources in `docker/dapr` (or another folder). */
export async function readDaprSource(folder = sourceFolder): Promise<DaprSource> {
  const version = /^\s*github\.com\/dapr\/dapr v(\S+)/m.exec(await readFile(join(folder, 'go.mod'), 'utf8'))?.[1];
  if (!version) throw new Error(`${join(folder, 'go.mod')} does not require github.com/dapr/dapr`);
  const flags = [
    '-mod=readonly',
    '-trimpath',
    noGit,
    `-ldflags=-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=${version}`,
  ];
  const hash = createHash('sha256').update(JSON.stringify([process.platform, process.arch, flags]));
  const names = await readdir(folder, { recursive: true });
  for (const name of names.filter((name) => /(^|[\\/])go\.(mod|sum)$|\.go$/.test(name)).sort()) {
    const content = await readFile(join(folder, name));
    hash.update(JSON.stringify([name.split(sep).join('/'), content.length])).update(content);
  }
  return { version, flags, key: `build-${version}-${hash.digest('hex').slice(0, 16)}` };
}

export interface BuildOptions {
  readonly source: DaprSource;
  /** Where the programs go. */
  readonly folder: string;
  /** Where Go may keep its modules and its cache when there is no home to keep them in. */
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly step: Step;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds daprd, placement and scheduler with the machine's Go. The first time takes minutes, most of it compiling.
 * @throws Error that says what is missing, or ends with Go's own last lines
 */
export async function buildFromSource({ source, folder, cacheDir, env, step, signal }: BuildOptions): Promise<void> {
  const go: GoOptions = { env: await goEnvironment(env, cacheDir), signal };

  let downloaded = 0;
  step.update('resolving modules');
  const packages = await runGo(['list', '-deps', '-mod=readonly', noGit, './cmd/...'], go, (line) => {
    if (line.startsWith('go: downloading')) step.update(`downloading modules: ${++downloaded}`);
  });

  // -v names each package as it is compiled; those that Go's cache has are not named.
  let compiled = 0;
  step.update('compiling');
  await runGo(['build', '-v', ...source.flags, '-o', folder + sep, './cmd/...'], go, () => {
    compiled = Math.min(compiled + 1, packages);
    step.update(`compiled ${compiled} of ${packages} packages`, compiled / packages);
  });
}

interface GoOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
}

/** Resolves to the number of lines on stdout. */
async function runGo(
  args: readonly string[],
  { env, signal }: GoOptions,
  onLine: (line: string) => void,
): Promise<number> {
  const last: string[] = [];
  let lines = 0;
  const child = spawn('go', args, { cwd: sourceFolder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  createInterface({ input: child.stdout }).on('line', () => lines++);
  createInterface({ input: child.stderr }).on('line', (line) => {
    onLine(line);
    if (routine.test(line)) return;
    last.push(line);
    if (last.length > keptLines) last.shift();
  });
  const stop = (): void => void child.kill('SIGINT');
  signal?.addEventListener('abort', stop);
  const code = await exitCode(child).finally(() => signal?.removeEventListener('abort', stop));
  signal?.throwIfAborted();
  if (code !== 0) throw new Error(`go ${args[0]} failed:\n  ${last.join('\n  ')}`);
  return lines;
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  try {
    await once(child, 'close');
    return child.exitCode;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error('Go is not installed (no `go` on PATH)', { cause: error });
    }
    throw error;
  }
}

/** The person's own Go settings (proxy, caches) hold, but for those that would change what comes out. */
async function goEnvironment(env: NodeJS.ProcessEnv, cacheDir: string): Promise<NodeJS.ProcessEnv> {
  const { GOOS: _os, GOARCH: _arch, ...kept } = env;
  const home = homeFolder(env);
  const hasHome = home !== undefined && (await isWritable(home));
  return {
    ...(hasHome ? { HOME: home } : { GOPATH: join(cacheDir, 'go'), GOCACHE: join(cacheDir, 'go-build') }),
    ...kept,
    CGO_ENABLED: '0',
    GOFLAGS: '',
    GOWORK: 'off',
  };
}

async function isWritable(folder: string): Promise<boolean> {
  return await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}
