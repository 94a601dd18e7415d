import { once } from 'node:events';
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import Koa from 'koa';
import { TodoError, toProblem } from '../domain/errors.js';
import { listen } from './listen.js';
import type { PublicDoor } from './role.js';

/** Sockets are cut when the headers take longer, in milliseconds. */
const headersTimeoutMs = 15_000;
const mostHeaderBytes = 16 * 1024;

type UpgradeHandler = Parameters<PublicDoor['onUpgrade']>[1];

export interface OpenPublicDoor extends PublicDoor {
  /** Listens; resolves with the URL that people use. @throws OperatorError when it cannot be had */
  listen(port: number, host: string): Promise<string>;
  /** Takes no new requests, lets the running ones end, and closes idle connections. */
  close(): Promise<void>;
}

/** The HTTP server that people and programs reach. */
export function createPublicDoor(): OpenPublicDoor {
  const app = new Koa();
  const upgrades = new Map<string, UpgradeHandler>();
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  return {
    app,
    onUpgrade: (path, handler) => void upgrades.set(path, handler),
    async listen(port, host) {
      const answer = app.callback();
      server = createServer(
        {
          headersTimeout: headersTimeoutMs,
          // An import may take as long as it needs; the gateway has time-outs of its own for bodies.
          requestTimeout: 0,
          maxHeaderSize: mostHeaderBytes,
          keepAliveTimeout: 65_000,
        },
        (request, response) => void answer(request, response),
      );
      server.on('connection', (socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
      server.on('clientError', refuse);
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        // node has taken its own listener away; without one, a client that breaks off would end the program.
        socket.on('error', () => socket.destroy());
        const handler = upgrades.get(request.url?.split('?', 1)[0] ?? '');
        if (handler && request.headers.upgrade?.toLowerCase() === 'websocket') handler(request, socket, head);
        else ignoreUpgrade(server, request, socket);
      });
      return await listen(server, port, host, 'Set PORT, or HOST, to another one.');
    },
    async close() {
      if (!server) return;
      const closed = once(server, 'close');
      server.close();
      const sweep = setInterval(() => {
        // One that carries an answer now is idle after it; one that was opened ahead of a request is not idle to node.
        server?.closeIdleConnections();
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      }, 50);
      await closed.finally(() => clearInterval(sweep));
    },
  };
}

/**
 * An offer that is not taken up, such as the `Upgrade: h2c` of Java's client and of curl (RFC 9110 section 7.8), is
 * answered as if it had not been made. node has let go of a body by then.
 */
function ignoreUpgrade(server: Server | undefined, request: IncomingMessage, socket: Duplex): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if (length !== '0' || encoding !== undefined) {
    refuse(new TodoError('unreadable', 'Send a request that has a body without the header Upgrade.'), socket);
    return;
  }
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // The types allow other sockets than node's own servers have.
  if (socket instanceof Socket) response.assignSocket(socket);
  response.on('finish', () => socket.end());
  server?.emit('request', request, response);
}

/** Answers what never becomes a request, or an upgrade. @param error a TodoError, or what node's parser says */
export function refuse(error: Error, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem = toProblem(error instanceof TodoError ? error : parserRefusal(error));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...(problem.status === 503 ? ['Retry-After: 2'] : []),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function parserRefusal(error: Error): TodoError {
  switch ('code' in error && error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new TodoError('headers_too_large', `URL and headers may have ${mostHeaderBytes} bytes together.`);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new TodoError('request_timeout', 'The headers did not arrive in time.');
    default:
      return new TodoError('unreadable', 'This is not a well-formed HTTP/1.1 request.');
  }
}
