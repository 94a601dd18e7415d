import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Counter, Gauge } from 'prom-client';
import { WebSocketServer, type WebSocket } from 'ws';
import { TodoError } from '../../domain/errors.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { Principal } from '../../runtime/auth/verify-token.js';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import type { RoleContext, StartedRole } from '../../runtime/role.js';
import { bearerProtocol, bearerToken } from './bearer.js';
import { closeCodes } from './close-codes.js';
import { LiveConnection } from './live-connection.js';
import { LiveFeeds } from './live-feeds.js';

/** Of how many users' places the actors role is asked at once. */
const usersAtOnce = 500;
const pingEveryMs = 30_000;
/** Clients have nothing to say; what they send may be no longer than this. */
const mostFrameBytes = 1024;
const mostOfUser = 200;
const mostOfProcess = 20_000;
/** setTimeout takes no longer times. */
const longestTimerMs = 2 ** 31 - 1;

/** Serves `GET /v1/live`: each user's changes, the moment they are committed. */
export function startWebSocket({ dapr, appDoor, publicDoor, tokens, log, metrics }: RoleContext): StartedRole {
  const feeds = new LiveFeeds();
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: mostFrameBytes,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has(bearerProtocol) ? bearerProtocol : false),
  });
  const framesTotal = new Counter({
    name: 'todo_live_events_total',
    help: 'Events taken by the live feed.',
    registers: [metrics],
  });
  new Gauge({
    name: 'todo_live_connections',
    help: 'Open connections of the live feed.',
    registers: [metrics],
    collect() {
      this.set(feeds.size);
    },
  });

  const readEvents = async (userId: string, after: number, limit: number) =>
    (await dapr.invoke('actors', 'events', { user_id: userId, after, limit })) as CommittedEvent[];
  const currentSeqs = async (userIds: readonly string[]) =>
    (await dapr.invoke('actors', 'seqs-of-users', { user_ids: userIds })) as { user_id: string; seq: number }[];
  const currentSeq = async (userId: string) => (await currentSeqs([userId]))[0]?.seq ?? 0;

  const catchUp = new RepeatedTask('bringing the live feeds up to date', log, async () => {
    const userIds = feeds.userIds();
    for (let start = 0; start < userIds.length; start += usersAtOnce) {
      for (const { user_id, seq } of await currentSeqs(userIds.slice(start, start + usersAtOnce))) {
        feeds.hearOf(user_id, seq);
      }
    }
  });

  async function open(request: IncomingMessage, socket: WebSocket): Promise<void> {
    let principal: Principal;
    try {
      principal = await tokens.verify(bearerToken(request));
    } catch (error) {
      if (!(error instanceof TodoError && error.code === 'unauthorized')) throw error;
      socket.close(closeCodes.notAllowed, 'a valid token is needed');
      return;
    }
    const { userId } = principal;
    if (!principal.scopes.has('tasks:read')) {
      socket.close(closeCodes.notAllowed, 'the token lacks the scope tasks:read');
    } else if (feeds.size >= mostOfProcess || feeds.sizeOf(userId) >= mostOfUser) {
      socket.close(closeCodes.tryAgain, 'too many connections');
    } else {
      const current = await currentSeq(userId);
      const since = readSince(request, current);
      if (since === null) {
        socket.close(closeCodes.badRequest, 'the one parameter is since, a whole number from 0 on');
        return;
      }
      if (socket.readyState !== socket.OPEN) return;
      const onFault = (error: unknown) => {
        log.warn({ err: error }, 'a live feed could not go on');
      };
      const connection = new LiveConnection(
        socket,
        (after, limit) => readEvents(userId, after, limit),
        onFault,
        since,
        current,
      );
      const leave = feeds.join(userId, connection);
      const expiry = setTimeout(
        () => {
          socket.close(closeCodes.notAllowed, 'the token has expired');
        },
        Math.min(principal.expiresAt * 1000 - Date.now(), longestTimerMs),
      );
      socket.once('close', () => {
        clearTimeout(expiry);
        leave();
      });
      // What was committed between the question and joining was heard by nobody.
      connection.hearOf(await currentSeq(userId));
    }
  }

  publicDoor.onUpgrade('/v1/live', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    server.handleUpgrade(request, stream, head, (socket) => {
      keepAlive(socket);
      socket.on('error', (error) => {
        log.debug({ err: error }, 'a client of the live feed broke the protocol');
      });
      open(request, socket).catch((error: unknown) => {
        log.warn({ err: error }, 'a live feed could not be opened');
        socket.close(closeCodes.tryAgain, 'try again');
      });
    });
  });

  appDoor.subscribe('task-updates', {
    receive: (events) => {
      framesTotal.inc(events.length);
      for (const event of events) feeds.take(event);
      return Promise.resolve();
    },
    catchUp: () => {
      catchUp.request();
    },
  });

  return {
    async stop() {
      await catchUp.stop();
      await Promise.all([...server.clients].map(goAway));
      server.close();
    },
  };
}

/** @returns where the client wants to go on: now when it does not say; null when it says something else */
function readSince(request: IncomingMessage, current: number): number | null {
  const [first, ...others] = new URL(request.url ?? '/', 'http://localhost').searchParams;
  if (!first) return current;
  const [name, value] = first;
  return others.length === 0 && name === 'since' && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

/** Ends the connection when two pings in a row are not answered. */
function keepAlive(socket: WebSocket): void {
  let missed = 0;
  const timer = setInterval(() => {
    if (missed >= 2) {
      socket.terminate();
      return;
    }
    missed += 1;
    socket.ping();
  }, pingEveryMs);
  socket.on('pong', () => {
    missed = 0;
  });
  socket.once('close', () => {
    clearInterval(timer);
  });
}

async function goAway(socket: WebSocket): Promise<void> {
  socket.close(closeCodes.goingAway, 'going away');
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      socket.terminate();
      resolve();
    }, 1_000);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
