import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../runtime/package-root.js';
import type { Lifecycle } from '../../runtime/lifecycle.js';
import { startGuarded } from '../../runtime/processes/guarded-process.js';
import { startTestKafka } from '../support/kafka.js';
import type { LoadJob, LoadResult } from './load/job.js';

/** A program under measurement. */
export interface Program {
  readonly pid: number;
  readonly url: string;
  /** From its start to the line that says it is ready, in seconds. */
  readonly startSeconds: number;
  /** All that it has printed. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

const longestStartMs = 15 * 60_000;
const stopTimeoutMs = 15_000;

/** Starts programs of the build that end with this one, however it ends. */
export class Programs {
  private jobs = 0;

  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly folder: string,
  ) {}

  /** The whole system, as `npm start` runs it. @param env more settings */
  async startSystem(
    dataDir: string,
    nodeOptions: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<Program> {
    return this.start('runtime/main.js', { DATA_DIR: dataDir, ...env }, nodeOptions);
  }

  /** The whole system with each role in a process of its own, as `npm run start:split` runs it. */
  async startSplit(dataDir: string, env: Record<string, string>): Promise<Program> {
    return this.start('runtime/split/main.js', { DATA_DIR: dataDir, ...env }, []);
  }

  /** A broker of one's own. */
  async startKafka(): Promise<{ readonly brokers: string; stop(): Promise<void> }> {
    const { brokers, end } = await startTestKafka();
    let ended: Promise<void> | undefined;
    const stop = (): Promise<void> => (ended ??= end());
    this.lifecycle.opened('Kafka', stop, { limitMs: stopTimeoutMs });
    return { brokers, stop };
  }

  /** The same interface without Dapr, on a system's database and with its keys. */
  async startPlain(dataDir: string, databaseUrl: string, nodeOptions: readonly string[] = []): Promise<Program> {
    return this.start('test/bench/plain/main.js', { DATA_DIR: dataDir, DATABASE_URL: databaseUrl }, nodeOptions);
  }

  /** Puts a load on a program from a process of its own. @throws Error when a request failed */
  async load(job: LoadJob): Promise<LoadResult> {
    return (await this.run('test/bench/load/main.js', job)) as LoadResult;
  }

  /** Runs a program that takes its work from a file and prints the result, as JSON, on its last line. */
  async run(program: string, work: object): Promise<unknown> {
    this.jobs += 1;
    const file = join(this.folder, `job-${this.jobs}.json`);
    await writeFile(file, JSON.stringify(work), { mode: 0o600 });
    const lines: string[] = [];
    const started = await startGuarded({ ...command(program, [], [file]), onLine: (line) => lines.push(line) });
    this.lifecycle.stopping.addEventListener('abort', started.kill);
    const { code } = await started.gone;
    this.lifecycle.stopping.removeEventListener('abort', started.kill);
    this.lifecycle.stopping.throwIfAborted();
    if (code !== 0) throw new Error(`${program} failed:\n${lines.slice(-20).join('\n')}`);
    return JSON.parse(lines.at(-1) ?? '') as unknown;
  }

  private async start(program: string, env: Record<string, string>, nodeOptions: readonly string[]): Promise<Program> {
    const began = performance.now();
    const lines: string[] = [];
    let isReady: (url: string) => void;
    const ready = new Promise<string>((resolve) => (isReady = resolve));
    const started = await startGuarded({
      ...command(program, nodeOptions, [], { PORT: '0', LOG_LEVEL: 'warn', ...env }),
      onLine(line) {
        lines.push(line);
        const url = /^Ready at (\S+)$/.exec(line)?.[1];
        if (url !== undefined) isReady(url);
      },
    });
    const stop = async (): Promise<void> => {
      await started.stop();
    };
    this.lifecycle.opened(program, stop, { limitMs: stopTimeoutMs, atOnce: started.kill });
    let timer: NodeJS.Timeout | undefined;
    const url = await Promise.race([
      ready,
      started.gone.then(() => Promise.reject(new Error(`${program} ended:\n${lines.slice(-20).join('\n')}`))),
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`${program} was not ready in time`)), longestStartMs);
      }),
    ]).finally(() => clearTimeout(timer));
    return { pid: started.pid, url, startSeconds: (performance.now() - began) / 1000, lines, stop };
  }
}

function command(
  program: string,
  nodeOptions: readonly string[],
  args: readonly string[],
  env: Record<string, string> = {},
) {
  return {
    command: process.execPath,
    args: ['--enable-source-maps', ...nodeOptions, join(packageRoot, 'dist', program), ...args],
    env: { ...inherited(), ...env },
    cwd: packageRoot,
    stopSignal: 'SIGTERM',
    stopTimeoutMs,
  } as const;
}

/** Where Dapr is found or kept, and nothing else that could change what is measured. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'DAPR_BIN', 'XDG_CACHE_HOME', 'GOPROXY', 'GOFLAGS', 'TMPDIR', 'JAVA_HOME'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** The database of the system that runs in a DATA_DIR. */
export async function databaseUrlOf(dataDir: string): Promise<string> {
  const [, , , port] = (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  const password = (await readFile(join(dataDir, 'postgres-password'), 'utf8')).trim();
  return `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
}
