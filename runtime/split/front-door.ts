import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TodoError, toProblem } from '../../domain/errors.js';

/** Ports on loopback. */
export interface Backends {
  readonly gateway: number;
  /** New connections go to them in turn. */
  readonly websocket: readonly number[];
}

/** One address for all processes, as an ingress gives it: live feeds go to the websocket role, all else to the gateway. */
export interface FrontDoor {
  /** @returns the URL that people use */
  listen(port: number, host: string): Promise<string>;
  close(): Promise<void>;
}

export function createFrontDoor({ gateway, websocket }: Backends): FrontDoor {
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Duplex>();
  let next = 0;

  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000, maxHeaderSize: 16 * 1024 }, (from, to) => {
    forward(from, to, gateway, agent);
  });
  server.on('connection', (socket: Socket) => {
    keep(socket);
  });
  server.on('upgrade', (from: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isLive = from.url?.split('?', 1)[0] === '/v1/live';
    const port = isLive ? websocket[next++ % websocket.length] : gateway;
    const backend = connect(port ?? gateway, '127.0.0.1', () => {
      backend.write(headOf(from));
      backend.write(head);
      socket.pipe(backend).pipe(socket);
    });
    keep(backend);
    for (const [one, other] of [
      [socket, backend],
      [backend, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.once('close', () => other.destroy());
    }
  });

  function keep(socket: Duplex): void {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  }

  return {
    async listen(port, host) {
      server.listen(port, host);
      await once(server, 'listening');
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('unreachable: it listens on a port');
      const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      return `http://${name}:${address.port}`;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await closed;
    },
  };
}

function forward(from: IncomingMessage, to: ServerResponse, port: number, agent: Agent): void {
  const { method, url: path, rawHeaders: headers } = from;
  const passed = request({ host: '127.0.0.1', port, method, path, headers, agent });
  passed.on('response', (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
    answer.pipe(to);
    answer.once('error', () => to.destroy());
  });
  passed.on('error', () => {
    if (to.headersSent) {
      to.destroy();
      return;
    }
    const problem = toProblem(new TodoError('unavailable', 'The gateway does not answer at the moment.'));
    to.writeHead(problem.status, { 'content-type': 'application/problem+json', 'retry-after': '1' });
    to.end(JSON.stringify(problem));
  });
  to.once('close', () => passed.destroy());
  from.pipe(passed);
}

/** The request as it came, for a backend that answers the upgrade itself. */
function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let place = 0; place < rawHeaders.length; place += 2) {
    head += `${rawHeaders[place]}: ${rawHeaders[place + 1]}\r\n`;
  }
  return `${head}\r\n`;
}
