import { execFile } from 'node:child_process';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const versionTimeoutMs = 10_000;

/** The oldest Java that runs Kafka 4's broker (Kafka's documentation, "Java Version"). */
const oldestJava = 17;

export interface Java {
  /** Absolute path of `java`. */
  readonly command: string;
  readonly version: string;
}

/**
 * The first Java of `JAVA_HOME` and `PATH` that is new enough for Kafka.
 * @throws Error that says which were found and what is needed
 */
export async function findJava(env: NodeJS.ProcessEnv): Promise<Java> {
  const home = env['JAVA_HOME'];
  const folders = [...(home ? [join(home, 'bin')] : []), ...(env['PATH'] ?? '').split(delimiter)].filter(isAbsolute);
  const passedOver: string[] = [];
  for (const folder of new Set(folders)) {
    const command = join(folder, process.platform === 'win32' ? 'java.exe' : 'java');
    const version = await javaVersion(command);
    if (version === undefined) continue;
    if (majorOf(version) >= oldestJava) return { command, version };
    passedOver.push(`${command} is Java ${version}`);
  }
  throw new Error(
    `Kafka needs Java ${oldestJava} or newer, in JAVA_HOME or on PATH; ${passedOver.join(', ') || 'none is there'}`,
  );
}

/** undefined where there is none, or one that does not run. */
async function javaVersion(command: string): Promise<string | undefined> {
  try {
    const { stderr } = await run(command, ['-version'], { timeout: versionTimeoutMs });
    return /version "([^"]+)"/.exec(stderr)?.[1];
  } catch {
    return undefined;
  }
}

/** 17 of `17.0.15`; up to Java 8 it was the second number (`1.8.0_402`). */
function majorOf(version: string): number {
  return Number(/^(?:1\.)?(\d+)/.exec(version)?.[1] ?? 0);
}
