import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../package-root.js';
import type { Step } from '../progress.js';

const sourceFolder = join(packageRoot, 'docker', 'kafka');
const pomFile = join(sourceFolder, 'pom.xml');
export const lockFile = join(sourceFolder, 'jars.lock.json');

/** One file of Kafka: itself, or a library that it needs. */
export interface Jar {
  readonly file: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** What Kafka consists of, to the byte. */
export interface JarsLock {
  readonly version: string;
  readonly jars: readonly Jar[];
}

/** Reads `docker/kafka/jars.lock.json`, and the name under which exactly these jars are kept. */
export async function readJarsLock(): Promise<JarsLock & { readonly key: string }> {
  const text = await readFile(lockFile, 'utf8');
  const lock = JSON.parse(text) as JarsLock;
  return { ...lock, key: `${lock.version}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}` };
}

/** The jars of a folder, as a lock names them. */
export async function readJars(folder: string): Promise<JarsLock> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jar')).sort();
  const jars = await Promise.all(
    files.map(async (file): Promise<Jar> => {
      const content = await readFile(join(folder, file));
      return { file, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    }),
  );
  const version = files.map((file) => /^kafka_2\.13-(.+)\.jar$/.exec(file)?.[1]).find((found) => found !== undefined);
  if (version === undefined) throw new Error(`there is no Kafka in ${folder}`);
  return { version, jars };
}

/** True when all jars are there in their size; what is in them was checked before they got their place. */
export async function hasAllJars(folder: string, { jars }: JarsLock): Promise<boolean> {
  const sizes = await Promise.all(
    jars.map(({ file }) =>
      stat(join(folder, file)).then(
        ({ size }) => size,
        () => -1,
      ),
    ),
  );
  return jars.every(({ bytes }, place) => bytes === sizes[place]);
}

/** @throws Error that names each jar which is missing, not the one that was locked, or too many */
export async function checkJars(folder: string, lock: JarsLock): Promise<void> {
  const found = new Map((await readJars(folder)).jars.map((jar) => [jar.file, jar.sha256]));
  const faults = lock.jars.flatMap(({ file, sha256 }) => {
    const actual = found.get(file);
    found.delete(file);
    if (actual === undefined) return [`${file} is missing`];
    return actual === sha256 ? [] : [`${file} has SHA-256 ${actual}, but ${sha256} was locked`];
  });
  faults.push(...[...found.keys()].map((file) => `${file} is not in the lock`));
  if (faults.length > 0)
    throw new Error(`Kafka's jars are not the locked ones, and were not used: ${faults.join('; ')}`);
}

export interface DownloadJarsOptions {
  /** Where the jars go. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Called with the name of each file that arrives. */
  onFile(name: string): void;
}

/**
 * Has Maven copy what `docker/kafka/pom.xml` names and all that it needs. Maven knows where this machine gets such things
 * from: mirrors, proxies and passwords are in its settings.
 * @throws Error when there is no Maven, or with what it says when it fails
 */
export async function downloadJars({ folder, env, signal, onFile }: DownloadJarsOptions): Promise<void> {
  const args = [
    ...['--batch-mode', '--file', pomFile, 'dependency:copy-dependencies'],
    ...['-DincludeScope=runtime', `-DoutputDirectory=${folder}`],
  ];
  const child = spawn('mvn', args, {
    env: withHome(env),
    stdio: ['ignore', 'pipe', 'ignore'],
    ...(signal && { signal }),
  });
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const file = /Downloaded from .*\/([^/ ]+\.jar) /.exec(line)?.[1];
    if (file !== undefined) onFile(file);
    if (line.includes('[ERROR]')) errors.push(line);
  });
  try {
    await once(child, 'close');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new Error('Maven is not installed (no `mvn` on PATH)', { cause: error });
  }
  if (child.exitCode !== 0) throw new Error(`Maven failed:\n  ${errors.slice(0, 5).join('\n  ')}`);
}

/** Java goes by the password file; who says where home is by HOME, as in a container, is heard too. */
function withHome(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { HOME: home = '', MAVEN_OPTS: options = '' } = env;
  // The mvn script parts its options at spaces.
  if (home === '' || /\s/.test(home)) return env;
  return { ...env, MAVEN_OPTS: `-Duser.home=${home} ${options}` };
}

/** Downloads the locked jars into a folder and checks each of them, telling how far it is. */
export async function downloadLockedJars(
  lock: JarsLock,
  step: Step,
  options: Omit<DownloadJarsOptions, 'onFile'>,
): Promise<void> {
  const sizes = new Map(lock.jars.map(({ file, bytes }) => [file, bytes]));
  const total = lock.jars.reduce((sum, { bytes }) => sum + bytes, 0);
  let received = 0;
  step.update('asking Maven');
  await downloadJars({
    ...options,
    onFile(name) {
      // The first time Maven also brings parts of its own, which nobody knows the number of.
      received += sizes.get(name) ?? 0;
      step.update(`${Math.round(received / 1e6)} MB`, received / total);
    },
  });
  await checkJars(options.folder, lock);
}
