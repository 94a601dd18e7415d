import { createServer, request, type ClientRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Pool } from 'undici';
import { createActorHost, type ActorHost, type ActorHostOptions } from '../../actors/host/host.js';
import type { ActorType } from '../../actors/host/actor.js';
import { requireAppToken } from '../../runtime/app-token.js';

export const appToken = 'the-app-token';

export interface ActorHostServer {
  readonly host: ActorHost;
  readonly metrics: Registry;
  readonly url: string;
  /** What was logged, a JSON line each. */
  readonly logged: readonly string[];
  /** Calls it as daprd would; `body` goes out as JSON, a string or bytes as they are. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** Calls it over a socket of its own, which the test may destroy. Nobody waits for the answer. */
  readonly callAndLeave: (path: string, body?: string) => ClientRequest;
  /** Calls many paths over few connections; throws unless each is answered 200. */
  readonly callAll: (method: 'PUT' | 'DELETE', paths: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Serves actor types on a free loopback port, as the app port does, without daprd. */
export async function serveActors(
  types: readonly ActorType[],
  options: Partial<ActorHostOptions> = {},
): Promise<ActorHostServer> {
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => logged.push(line) });
  const metrics = new Registry();
  const host = createActorHost({ types, log, metrics, idleTimeoutMs: 60_000, ...options });
  const app = new Koa();
  app.silent = true; // Tests break connections on purpose.
  app.use(requireAppToken(appToken)).use(host.routes());
  const handle = app.callback();
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const headers = { 'dapr-api-token': appToken, 'content-type': 'application/json' };

  return {
    host,
    metrics,
    url,
    logged,
    async call(method, path, body) {
      const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
      const response = await fetch(url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text,
      };
    },
    callAndLeave(path, body) {
      const call = request(url + path, { method: 'PUT', headers, agent: false });
      call.on('error', () => undefined); // The test destroys it.
      call.end(body);
      return call;
    },
    async callAll(method, paths) {
      const client = new Pool(url, { connections: 8 });
      const next = paths.values();
      const worker = async (): Promise<void> => {
        for (const path of next) {
          const { statusCode, body } = await client.request({ method, path, headers });
          await body.dump();
          if (statusCode !== 200) throw new Error(`${method} ${path} was answered ${String(statusCode)}`);
        }
      };
      await Promise.all(Array.from({ length: 8 }, worker));
      await client.close();
    },
    async close() {
      await host.drain();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Something that a test opens by hand. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Waits for a condition that something else brings about. Fails with the test's own time-out. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}
