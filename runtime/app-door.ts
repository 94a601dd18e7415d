import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import Router from '@koa/router';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createActorHost } from '../actors/host/host.js';
import type { ActorType } from '../actors/host/actor.js';
import { errorTable, TodoError, toProblem } from '../domain/errors.js';
import { requireAppToken } from './app-token.js';
import { fromMessage } from './event-batch.js';
import { MissedMessages } from './message-numbers.js';
import { asUnavailable } from './postgres/availability.js';
import type { AppDoor, Subscriber } from './role.js';

/** An actor that is not called for this long leaves memory. */
const actorIdleTimeoutMs = 60_000;
/** daprd's own limit on a message. */
const mostBodyBytes = 4 * 1024 * 1024;
const pubsubName = 'pubsub';

export interface AppDoorOptions {
  /** What daprd proves itself with. */
  readonly appToken: string;
  readonly log: Logger;
  readonly metrics: Registry;
}

export interface OpenAppDoor extends AppDoor {
  /** Listens on a free loopback port, which it returns. Roles have mounted what they serve by then. */
  listen(): Promise<number>;
  /** Takes no new turns and lets the running ones end. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** The HTTP server that daprd alone may call: actors, subscriptions, bindings, and what roles ask of each other. */
export function createAppDoor({ appToken, log, metrics }: AppDoorOptions): OpenAppDoor {
  const router = new Router();
  const types: ActorType[] = [];
  const subscribers = new Map<string, Subscriber>();
  const missed = new Map<string, MissedMessages>();
  let host: ReturnType<typeof createActorHost> | undefined;
  let server: Server | undefined;

  router.get('/healthz', (ctx) => {
    ctx.status = 200;
    ctx.body = 'ok';
  });
  // daprd asks once, when it begins: whatever the one before it held in memory is gone. What it loses later, and what is
  // published before its subscriptions are in place, the numbers of the messages tell.
  router.get('/dapr/subscribe', (ctx) => {
    ctx.body = [...subscribers.keys()].map((topic) => ({
      pubsubname: pubsubName,
      topic,
      route: `/events/${topic}`,
    }));
    for (const subscriber of subscribers.values()) subscriber.catchUp();
  });
  router.post('/events/:topic', async (ctx) => {
    const topic = ctx.params['topic'] ?? '';
    const subscriber = subscribers.get(topic);
    if (!subscriber) return;
    try {
      const message = await readJson(ctx.req);
      if (missed.get(topic)?.before(message)) subscriber.catchUp();
      await subscriber.receive(fromMessage(message));
      ctx.body = { status: 'SUCCESS' };
    } catch (error) {
      const isFinal = error instanceof TodoError && errorTable[error.code].retry === 'drop';
      log.error({ err: error, topic, isFinal }, 'events could not be taken');
      ctx.body = { status: isFinal ? 'DROP' : 'RETRY' };
    }
  });

  return {
    actorType: (type) => void types.push(type),
    subscribe(topic, subscriber) {
      if (subscribers.has(topic)) throw new Error(`two roles of one process follow ${topic}`);
      subscribers.set(topic, subscriber);
      missed.set(topic, new MissedMessages());
    },
    method(name, handler) {
      router.post(`/roles/${name}`, async (ctx) => {
        try {
          ctx.body = JSON.stringify(await handler(await readJson(ctx.req)));
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
    async listen() {
      host = createActorHost({ types, log, metrics, idleTimeoutMs: actorIdleTimeoutMs });
      const app = new Koa();
      app.silent = true;
      app.use(requireAppToken(appToken)).use(host.routes()).use(router.routes());
      server = createServer(app.callback()).listen(0, '127.0.0.1');
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

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBodyBytes) throw new TodoError('payload_too_large', 'The message is larger than 4 MiB.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    throw new TodoError('unreadable', 'The message is not JSON.', [], { cause: error });
  }
}
