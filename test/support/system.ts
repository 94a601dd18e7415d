import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createTokenIssuer } from '../../runtime/auth/issue-token.js';
import { openOwnKey } from '../../runtime/auth/own-key.js';
import type { Scope } from '../../runtime/auth/verify-token.js';
import { packageRoot } from '../../runtime/package-root.js';
import { startGuarded, type Exit, type GuardedProcess } from '../../runtime/processes/guarded-process.js';
import { request, type Reply, type RequestOptions } from './http.js';
import { startTestKafka, type TestKafka } from './kafka.js';
import { membersOf } from './members.js';
import { TestUser } from './test-user.js';

/** The first start on a machine may have to build Dapr, in milliseconds. */
export const startTimeoutMs = 15 * 60_000;
const stopTimeoutMs = 20_000;
/** A machine that does much else is slow, not wrong. */
const testTimeoutMs = 60_000;

/** The programs that the system runs beside itself. */
export const childNames = ['postgres', 'placement', 'scheduler', 'daprd'] as const;
export type ChildName = (typeof childNames)[number];

/**
 * What a system of the tests is like, from `TEST_SHAPE`: one process with in-memory pub/sub, one process on a Kafka of its
 * own, or each role in a process of its own, on Kafka.
 */
export const shapes = ['one-process', 'kafka', 'split'] as const;
export type Shape = (typeof shapes)[number];
export const shape: Shape = shapes.find((name) => name === process.env['TEST_SHAPE']) ?? 'one-process';

export interface SystemOptions {
  /** Settings, over the defaults. Those of the process that runs the tests are not inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default {@link shape}. */
  readonly shape?: Shape;
  /** The package that runs: by default this one. */
  readonly root?: string;
}

/**
 * The program itself: a process of its own, with real Dapr and PostgreSQL, on a temporary DATA_DIR and a free port. It ends
 * with this process, however that ends; under mocha it is removed after the run.
 */
export interface TestSystem {
  readonly dataDir: string;
  /** Changes with each start. */
  readonly url: string;
  readonly pid: number;
  /** All that it printed since it was made: what it says to people, and its log (JSON). */
  readonly lines: readonly string[];
  /** Where its Kafka is; null where events stay within the process. */
  readonly kafkaBrokers: string | null;
  /** The process id of that Kafka, which outlives the system's own processes; undefined until it is ready (again). */
  kafkaPid(): number | undefined;
  /** A token as `npm run token` makes it. @param expiresInSeconds default an hour */
  tokenFor(user: string, scopes?: readonly Scope[], expiresInSeconds?: number): Promise<string>;
  /** A user that nobody used before. */
  newUser(): Promise<TestUser>;
  request(method: string, path: string, token: string | null, options?: RequestOptions): Promise<Reply>;
  /** What `/metrics` of all its processes say. */
  metrics(): Promise<string>;
  /** The process ids of its programs as they are now; one that is down is missing. */
  childPids(): Partial<Record<ChildName, number>>;
  /** The same of the members of the split shape and their sidecars, by `audit` and `daprd-audit`; none in other shapes. */
  memberPids(): ReadonlyMap<string, number>;
  /** All processes below it, whatever they are. */
  descendants(): number[];
  /** Starts it again on the same DATA_DIR; resolves when it says that it is ready. */
  start(): Promise<void>;
  /** Sends it a signal (default SIGTERM) and resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  /** `kill -9` of the main process only; its programs have to end by themselves. */
  kill9(): Promise<void>;
  /** Stops it and removes its DATA_DIR. */
  remove(): Promise<void>;
}

const systems = new Set<TestSystem>();

const removeAll = async (): Promise<void> => {
  await Promise.all([...systems].map((system) => system.remove()));
};
// Without this a run that is interrupted would leave the folders; the processes end in any case.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void removeAll().finally(() => process.kill(process.pid, signal)));
}

/** Starts a system of one's own. Most tests do with {@link sharedSystem}. */
export async function startTestSystem(options: SystemOptions = {}): Promise<TestSystem> {
  const { env = {}, shape: own = shape, root = packageRoot } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'todo-chatbot-system-'));
  const lines: string[] = [];
  const kafka: TestKafka | undefined = own === 'one-process' ? undefined : await startTestKafka();
  let running: { process: GuardedProcess; url: string; firstLine: number } | undefined;
  let removed: Promise<void> | undefined;
  const current = () => {
    if (!running) throw new Error('the system is not running');
    return running;
  };
  const exited = async (): Promise<Exit> => {
    const exit = await current().process.gone;
    running = undefined;
    return exit;
  };

  const system: TestSystem = {
    dataDir,
    lines,
    kafkaBrokers: kafka?.brokers ?? null,
    kafkaPid: () => (kafka?.child.isReady ? kafka.child.pid : undefined),
    get url() {
      return current().url;
    },
    get pid() {
      return current().process.pid;
    },
    async tokenFor(user, scopes, expiresInSeconds = 3600) {
      const issue = createTokenIssuer('todo-chatbot', 'todo-chatbot', await openOwnKey(dataDir));
      return await issue({ user, expiresInSeconds, ...(scopes && { scopes }) });
    },
    async newUser() {
      const id = `user-${randomUUID()}`;
      return new TestUser(system, id, await system.tokenFor(id));
    },
    request: (method, path, token, options) => request(method, current().url + path, token, options),
    async metrics() {
      const urls = own === 'split' ? metricsUrlsOf(lines) : [current().url];
      const texts = urls.map(async (url) => (await fetch(`${url}/metrics`)).text());
      return (await Promise.all(texts)).join('\n');
    },
    childPids: () => childrenOf(current().process.pid),
    memberPids: () => {
      const { process: launcher, firstLine } = current();
      return membersOf(launcher.pid, lines.slice(firstLine));
    },
    descendants: () => descendantsOf(current().process.pid),
    async start() {
      const settings = { DATA_DIR: dataDir, PORT: '0', ...(kafka && { KAFKA_BROKERS: kafka.brokers }), ...env };
      const firstLine = lines.length;
      running = { ...(await startProgram(commandOf(own, root), settings, lines)), firstLine };
    },
    async stop(signal = 'SIGTERM') {
      process.kill(current().process.pid, signal);
      return await exited();
    },
    async kill9() {
      process.kill(current().process.pid, 'SIGKILL');
      await exited();
    },
    remove: () =>
      (removed ??= (async () => {
        await running?.process.stop();
        running = undefined;
        await kafka?.end();
        await rm(dataDir, { recursive: true, force: true, maxRetries: 50, retryDelay: 200 });
        systems.delete(system);
      })()),
  };
  systems.add(system);
  await system.start();
  return system;
}

async function startProgram(command: ProgramCommand, settings: Record<string, string>, lines: string[]) {
  const begin = lines.length;
  let isReady: (url: string) => void = () => undefined;
  const ready = new Promise<string>((resolve) => (isReady = resolve));
  const program = await startGuarded({
    ...command,
    env: programEnv(settings),
    stopSignal: 'SIGTERM',
    stopTimeoutMs,
    onLine(line) {
      lines.push(line);
      const [, url] = /^Ready at (\S+)$/.exec(line) ?? [];
      if (url !== undefined) isReady(url);
    },
  });
  const ended = program.gone.then((exit): never => {
    throw new Error(`the program ended (${JSON.stringify(exit)}):\n${lines.slice(begin).join('\n')}`);
  });
  // That it ends later on is no failure.
  ended.catch(() => undefined);
  return { process: program, url: await Promise.race([ready, ended]) };
}

type ProgramCommand = Pick<Parameters<typeof startGuarded>[0], 'command' | 'args'>;

/** What `npm start` of a package runs after the build, or `npm run start:split` in that shape. */
function commandOf(own: Shape, root: string): ProgramCommand {
  const main = join(root, `dist/runtime/${own === 'split' ? 'split/' : ''}main.js`);
  return { command: process.execPath, args: ['--enable-source-maps', main] };
}

/** The same for the shape that the tests are about. */
export const programCommand = commandOf(shape, packageRoot);

/** The environment of this process without the program's own settings, and with those given. */
export function programEnv(settings: Readonly<Record<string, string>>): Record<string, string> {
  const own = /^(?:PORT|HOST|DATA_DIR|DATABASE_URL|KAFKA_BROKERS|ROLES|LOG_LEVEL|CLOCK_FILE|AUTH_.*|NODE_OPTIONS)$/;
  const inherited = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(inherited.map(([name, value]) => [name, value ?? ''])), ...settings };
}

export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All that run on this machine. */
export function runningProcesses(): RunningProcess[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,comm='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+[^Z\s]\S*\s+(.+)$/.exec(line) ?? [];
    return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command: basename(command) }];
  });
}

function childrenOf(pid: number): Partial<Record<ChildName, number>> {
  const children: Partial<Record<ChildName, number>> = {};
  for (const { parent, command, pid: child } of runningProcesses()) {
    const name = childNames.find((known) => known === command);
    if (parent === pid && name && (name !== 'daprd' || hostsActors(child))) children[name] = child;
  }
  return children;
}

/** Of several sidecars, the one of an actor host is the one that tests are about. */
function hostsActors(daprd: number): boolean {
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(daprd)], { encoding: 'utf8' });
  return stdout.includes(' --app-id todo-chatbot ');
}

/** The ids of all processes below one. */
export function descendantsOf(pid: number): number[] {
  const all = runningProcesses();
  const below = (parents: readonly number[]): number[] => {
    const children = all.filter(({ parent }) => parents.includes(parent)).map((child) => child.pid);
    return children.length === 0 ? [] : [...children, ...below(children)];
  };
  return below([pid]);
}

/** Where the members of the split shape say last that their metrics are: `[name] {…"metricsUrl":"…"…}`. */
function metricsUrlsOf(lines: readonly string[]): string[] {
  const urls = new Map<string, string>();
  for (const line of lines) {
    const [, member, url] = /^\[([\w-]+)\] .*"metricsUrl":"([^"]+)"/.exec(line) ?? [];
    if (member !== undefined && url !== undefined) urls.set(member, url);
  }
  return [...urls.values()];
}

/** Mocha's, where it is mocha that runs this. */
const mocha: { readonly after?: Mocha.HookFunction; readonly afterEach?: Mocha.HookFunction } = globalThis;
let shared: Promise<TestSystem> | undefined;

/**
 * The system that all files of a run of mocha share; it starts on first use. To be called within `describe`: its tests begin
 * when it is ready. Each test uses users of its own.
 */
export function sharedSystem(): () => TestSystem {
  let system: TestSystem | undefined;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await (shared ??= startTestSystem());
  });
  beforeEach(function () {
    this.currentTest?.timeout(testTimeoutMs);
  });
  return () => {
    if (!system) throw new Error('the shared system is there from the first test on, not before');
    return system;
  };
}

const shownBefore = new Map<readonly string[], number>();
mocha.afterEach?.(function () {
  for (const { lines } of systems) {
    if (this.currentTest?.isFailed()) {
      const printed = lines.slice(shownBefore.get(lines)).slice(-100);
      process.stderr.write(`\n--- the system meanwhile:\n${printed.join('\n')}\n---\n`);
    }
    shownBefore.set(lines, lines.length);
  }
});
mocha.after?.(async function () {
  this.timeout(60_000);
  await removeAll();
});
