import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Counter, Gauge } from 'prom-client';
import { WebSocketServer, type WebSocket } from 'ws';
import { TodoError } from '../../domain/errors.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { Principal } from '../../runtime/auth/verify-token.js';
import { refuse } from '../../runtime/public-door.js';
import type { RoleContext, StartedRole } from '../../runtime/role.js';
import { bearerProtocol, bearerToken } from './bearer.js';
import { closeCodes } from './close-codes.js';
import { startHeartbeat } from './heartbeat.js';
import { liveLimits, type LiveLimits } from './limits.js';
import { LiveConnection, type LiveParts } from './live-connection.js';
import { LiveFeeds } from './live-feeds.js';
import { MissedFrames } from './missed-frames.js';
import { PlaceCheck } from './place-check.js';
import { sendAway } from './send-away.js';
import { UserSeqs } from './user-seqs.js';

/** What a test sets otherwise. */
export interface LiveOptions {
  readonly limits?: LiveLimits;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** Serves `GET /v1/live`: each user's changes, the moment they are committed. */
export function startWebSocket(
  { dapr, appDoor, publicDoor, tokens, log, metrics }: RoleContext,
  { limits = liveLimits, now = Date.now }: LiveOptions = {},
): StartedRole {
  const readEvents = async (userId: string, after: number, limit: number) =>
    (await dapr.invoke('actors', 'events', { user_id: userId, after, limit })) as CommittedEvent[];
  const seqsOf = async (userIds: readonly string[]) =>
    (await dapr.invoke('actors', 'seqs-of-users', { user_ids: userIds })) as { user_id: string; seq: number }[];

  const feeds = new LiveFeeds();
  const seqs = new UserSeqs(seqsOf);
  const check = new PlaceCheck({ feeds, seqsOf, limits, log });
  const stopHeartbeat = startHeartbeat({ limits, now, feeds });
  // Thousands of connections can share one question, and its failure.
  let lastFault: unknown;
  const onFault = (error: unknown): void => {
    if (error !== lastFault) log.warn({ err: error }, 'live feeds could not go on');
    lastFault = error;
  };
  const tooSlowTotal = new Counter({
    name: 'todo_live_too_slow_total',
    help: 'Connections of the live feed that were closed because their clients read too slowly.',
    registers: [metrics],
  });
  const parts: LiveParts = {
    limits,
    now,
    missed: new MissedFrames(readEvents),
    onFault,
    onTooSlow: () => tooSlowTotal.inc(),
  };
  const serverOptions = {
    noServer: true,
    maxPayload: limits.mostMessageBytes,
    perMessageDeflate: false,
    // Of which @types/ws does not know yet.
    closeTimeout: limits.farewellMs,
    handleProtocols: (protocols: Set<string>) => (protocols.has(bearerProtocol) ? bearerProtocol : false),
  } as const;
  const server = new WebSocketServer(serverOptions);
  let handshakes = 0;
  let isStopping = false;

  const eventsTotal = new Counter({
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

  async function open(request: IncomingMessage, socket: WebSocket): Promise<void> {
    let principal: Principal;
    try {
      principal = await tokens.verify(bearerToken(request));
    } catch (error) {
      if (!(error instanceof TodoError && error.code === 'unauthorized')) throw error;
      socket.close(closeCodes.notAllowed, 'a valid token is needed');
      return;
    }
    const { userId, scopes, expiresAt } = principal;
    const since = readSince(request);
    if (!scopes.has('tasks:read')) {
      socket.close(closeCodes.notAllowed, 'the token lacks the scope tasks:read');
    } else if (since === null) {
      socket.close(closeCodes.badRequest, 'the one parameter is since, a whole number from 0 on');
    } else if (feeds.size >= limits.mostConnections || feeds.sizeOf(userId) >= limits.mostConnectionsOfUser) {
      socket.close(closeCodes.tryAgain, 'too many connections');
    } else if (socket.readyState === socket.OPEN) {
      // It joins before it is asked where the user stands: what is committed after the answer, it hears of.
      const connection = join(socket, userId, expiresAt);
      connection.begin(await seqs.of(userId), since);
    }
  }

  /** Apart from `open`, whose request would live as long as the listeners made beside it. */
  function join(socket: WebSocket, userId: string, expiresAt: number): LiveConnection {
    const connection = new LiveConnection(socket, parts, userId, expiresAt * 1000);
    feeds.join(connection);
    socket.once('close', () => {
      feeds.leave(connection);
    });
    return connection;
  }

  const brokenProtocol = (error: Error): void => {
    log.debug({ err: error }, 'a client of the live feed broke the protocol');
  };

  publicDoor.onUpgrade('/v1/live', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (isStopping || handshakes >= limits.mostHandshakes) {
      const why = isStopping ? 'This process is going away' : 'Too many clients come at once';
      refuse(new TodoError('unavailable', `${why}; try again shortly.`), stream);
      stream.once('finish', () => stream.destroy());
      return;
    }
    server.handleUpgrade(request, stream, head, (socket) => {
      socket.on('error', brokenProtocol);
      handshakes += 1;
      open(request, socket)
        .catch((error: unknown) => {
          onFault(error);
          socket.close(closeCodes.tryAgain, 'try again');
        })
        .finally(() => (handshakes -= 1));
    });
  });

  appDoor.subscribe('websocket', 'task-updates', {
    receive: (events) => {
      eventsTotal.inc(events.length);
      for (const event of events) feeds.take(event);
      return Promise.resolve();
    },
    catchUp: () => {
      check.request();
    },
  });

  return {
    async stop() {
      isStopping = true;
      await Promise.all([sendAway(server.clients, limits), check.stop()]);
      stopHeartbeat();
      server.close();
    },
  };
}

/** @returns where the client wants to go on: undefined when it does not say, null when it says something else */
function readSince(request: IncomingMessage): number | null | undefined {
  const [first, ...others] = new URL(request.url ?? '/', 'http://localhost').searchParams;
  if (!first) return undefined;
  const [name, value] = first;
  return others.length === 0 && name === 'since' && /^\d{1,15}$/.test(value) ? Number(value) : null;
}
