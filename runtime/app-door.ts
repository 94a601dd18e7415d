import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import Router from '@koa/router';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createActorHost } from '../actors/host/host.js';
import type { ActorType } from '../actors/host/actor.js';
import { TodoError, toProblem } from '../domain/errors.js';
import { requireAppToken } from './app-token.js';
import { asUnavailable } from './postgres/availability.js';
import type { Deliveries } from './pubsub/deliveries.js';
import type { AppDoor, Subscriber } from './role.js';

/** An actor that is not called for this long leaves memory. */
const actorIdleTimeoutMs = 60_000;
/** daprd's own limit on a message. */
const mostBodyBytes = 4 * 1024 * 1024;

export interface AppDoorOptions {
  /** What daprd proves itself with. */
  readonly appToken: string;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly deliveries: Deliveries;
  /** Called when a sidecar begins. */
  readonly sidecarBegan?: () => void;
}

export interface OpenAppDoor extends AppDoor {
  /** Listens on loopback, on a free port for 0; returns which. Roles have mounted what they serve by then. */
  listen(port?: number): Promise<number>;
  /** Takes no new turns and lets the running ones end. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** The HTTP server that daprd alone may call: actors, subscriptions, bindings, and what roles ask of each other. */
export function createAppDoor({ appToken, log, metrics, deliveries, sidecarBegan }: AppDoorOptions): OpenAppDoor {
  const router = new Router();
  const types: ActorType[] = [];
  const subscribers: Subscriber[] = [];
  let host: ReturnType<typeof createActorHost> | undefined;
  let server: Server | undefined;

  router.get('/healthz', (ctx) => {
    ctx.status = 200;
    ctx.body = 'ok';
  });
  // daprd asks once, when it begins: whatever the one before it held in memory is gone. What it loses later, and what is
  // published before its subscriptions are in place, the numbers of the messages tell.
  router.get('/dapr/subscribe', (ctx) => {
    ctx.body = deliveries.subscriptions();
    for (const subscriber of subscribers) subscriber.catchUp();
  });
  router.post('/events/:role/:topic', async (ctx) => {
    const { role = '', topic = '' } = ctx.params;
    const body = await readJson(ctx.req, deliveries.mostBytes).catch((error: unknown) => error);
    const answer = await deliveries.deliver(role, topic, body);
    if (answer) ctx.body = answer;
  });

  return {
    actorType: (type) => void types.push(type),
    subscribe(role, topic, subscriber) {
      deliveries.subscribe(role, topic, subscriber);
      subscribers.push(subscriber);
    },
    method(name, handler) {
      router.post(`/roles/${name}`, async (ctx) => {
        try {
          ctx.body = JSON.stringify(await handler(await readJson(ctx.req, mostBodyBytes)));
          ctx.type = 'application/json';
        } catch (thrown) {
          // Most that roles are asked is read from the database.
          const error = asUnavailable(thrown);
          if (!(error instanceof TodoError)) log.error({ err: error, method: name }, 'a role could not answer another');
          const problem = toProblem(error);
          ctx.status = problem.status;
          ctx.body = JSON.stringify(problem);
          ctx.type = 'application/problem+json';
        }
      });
    },
    binding(name, handler) {
      router.options(`/${name}`, (ctx) => {
        ctx.status = 200;
      });
      router.post(`/${name}`, async (ctx) => {
        ctx.req.resume();
        try {
          await handler();
          ctx.status = 200;
        } catch (error) {
          // The next tick does it again.
          log.warn({ err: error, binding: name }, 'a tick failed');
          ctx.status = 500;
        }
      });
    },
    async listen(port = 0) {
      host = createActorHost({ types, log, metrics, idleTimeoutMs: actorIdleTimeoutMs });
      const app = new Koa();
      app.silent = true;
      app.use(requireAppToken(appToken));
      app.use(async (ctx, next) => {
        // The first thing that a sidecar asks.
        if (ctx.path === '/dapr/config') sidecarBegan?.();
        await next();
      });
      app.use(host.routes()).use(router.routes());
      server = createServer(app.callback()).listen(port, '127.0.0.1');
      // daprd keeps its connections for as long as it likes.
      server.keepAliveTimeout = 0;
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
    drain: async () => host?.drain(),
    async close() {
      if (!server) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readJson(request: IncomingMessage, mostBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new TodoError('payload_too_large', 'The message is larger than what is taken.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    throw new TodoError('unreadable', 'The message is not JSON.', [], { cause: error });
  }
}
