import { once } from 'node:events';
import { chmod, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Router from '@koa/router';
import Koa from 'koa';
import { type DaprPrograms, obtainDapr } from '../../runtime/dapr/obtain.js';
import { newDaprTokens, type Servers, startControlPlane, startSidecar } from '../../runtime/dapr/start.js';
import type { ProcessSupervisor } from '../../runtime/processes/supervisor.js';
import { createProgress } from '../../runtime/progress.js';
import type { Child } from '../../runtime/supervision.js';
import { testSupervisor } from '../support/kafka.js';

export interface SampleOptions {
  readonly appId: string;
  /** What the application answers, besides GET /healthz. */
  readonly app: Router;
  /** The shipped files that its sidecar gets, as paths in `dapr-components/`. */
  readonly components: readonly string[];
  /** What those refer to, in the store of one machine. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** What daprd finds in its environment, and which flags it has, besides those that the program gives it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

/** A small application beside a sidecar of its own, which the program's own code has started with shipped files. */
export interface Sample {
  readonly appPort: number;
  readonly metricsPort: number;
  /** Calls the sidecar: `path` is what comes after `/v1.0/`, and a body is sent as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  stop(): Promise<void>;
}

/** Whatever the samples start runs under this supervisor and is kept below this folder. */
export interface Workshop {
  readonly supervisor: ProcessSupervisor;
  readonly dataDir: string;
  readonly programs: DaprPrograms;
  readonly servers: Servers;
}

let opened: Promise<Workshop> | undefined;
const early: (() => void)[] = [];
let samples = 0;
/** Closes each application that runs. */
const open = new Set<() => Promise<void>>();

/** For what takes long: it begins with the first sample of the run, and is asked for its outcome later. */
export function beginEarly(begin: () => void): void {
  early.push(begin);
}

/** One placement and one scheduler for all samples of this run of mocha; they start on first use. */
export function workshop(): Promise<Workshop> {
  return (opened ??= openWorkshop());
}

async function openWorkshop(): Promise<Workshop> {
  const found = await obtainDapr({ env: process.env, progress: createProgress(process.stderr) });
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), 'components-')));
  const supervisor = testSupervisor();
  const plane = await startControlPlane({ supervisor, programs: found, dataDir });
  const servers = {
    folder: join(dataDir, 'run', 'dapr'),
    placement: await portOf(plane.placement),
    scheduler: await portOf(plane.scheduler),
  };
  for (const begin of early) begin();
  return { supervisor, dataDir, programs: found, servers };
}

async function portOf({ pid }: Child): Promise<number> {
  const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  return Number(args[args.indexOf('--port') + 1]);
}

/** mocha runs it after all files of the run. */
after(async function () {
  this.timeout(30_000);
  const { supervisor, dataDir } = (await opened) ?? {};
  await supervisor?.stop();
  await Promise.all([...open].map((close) => close()));
  if (dataDir !== undefined) await rm(dataDir, { recursive: true });
});

/**
 * Starts a sample and resolves when its sidecar serves.
 * @throws ChildFailedError with daprd's last lines when it does not start
 */
export async function startSample(options: SampleOptions): Promise<Sample> {
  const { supervisor, dataDir, programs, servers } = await workshop();
  const { appId, components, secrets = {}, env = {}, flags = [] } = options;
  const name = `sample-${++samples}`;
  const tokens = newDaprTokens();
  const handle = new Koa().use(options.app.routes()).callback();
  const server = createServer((request, response) => {
    if (request.url === '/healthz') response.end();
    else void handle(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const appPort = (server.address() as AddressInfo).port;
  const close = async (): Promise<void> => {
    open.delete(close);
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  open.add(close);
  try {
    const daprd = await withMore(programs.daprd, join(dataDir, `${name}.sh`), env, flags);
    const sidecar = await startSidecar(name, { supervisor, programs: { ...programs, daprd } }, servers, {
      appId,
      appPort,
      tokens,
      secrets: { 'database-url': '', ...secrets },
      components,
    });
    return {
      appPort,
      metricsPort: sidecar.metricsPort,
      call: (method, path, body, headers) =>
        fetch(`http://127.0.0.1:${sidecar.httpPort}/v1.0/${path}`, {
          method,
          headers: { 'dapr-api-token': tokens.api, 'content-type': 'application/json', ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      async stop() {
        await sidecar.daprd.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The program gives daprd the environment and flags of one machine; what Kubernetes gives it comes on top. */
async function withMore(
  daprd: string,
  file: string,
  env: Readonly<Record<string, string>>,
  flags: readonly string[],
): Promise<string> {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const settings = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`);
  const start = ['exec', quoted(daprd), '"$@"', ...flags.map(quoted)].join(' ');
  await writeFile(file, ['#!/bin/sh', ...settings, start, ''].join('\n'));
  await chmod(file, 0o700);
  return file;
}
