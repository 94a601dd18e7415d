import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { TodoError } from '../../domain/errors.js';
import { listen } from '../listen.js';
import { refuse } from '../public-door.js';

/** Ports on loopback. */
export interface Backends {
  readonly gateway: number;
  /** New live feeds go to them in turn. */
  readonly websocket: readonly number[];
}

/**
 * One address for all processes, as an ingress gives it. It looks at the first request of a connection only: one that asks
 * for a live feed goes to a replica of the websocket role, everything else to the gateway, untouched in both directions.
 */
export interface FrontDoor {
  /** @returns the URL that people use. @throws OperatorError when the port cannot be had */
  listen(port: number, host: string): Promise<string>;
  close(): Promise<void>;
}

/** Bytes of a request's head that are waited for; a longer one the gateway refuses. */
const mostHeadBytes = 16 * 1024;
/** How long a client may take for that, in milliseconds. */
const headTimeoutMs = 15_000;
const away = new TodoError('unavailable', 'A part of the system does not answer at the moment.');

export function createFrontDoor({ gateway, websocket }: Backends): FrontDoor {
  const sockets = new Set<Socket>();
  let next = 0;
  const server = createServer((client) => {
    keep(client);
    let head = Buffer.alloc(0);
    client.setTimeout(headTimeoutMs, () => client.destroy());
    client.on('data', function take(chunk: Buffer) {
      head = Buffer.concat([head, chunk]);
      const kind = kindOf(head);
      if (kind === undefined) return;
      client.off('data', take).pause().setTimeout(0);
      const replica = websocket[next % websocket.length];
      if (kind === 'live') next += 1;
      join(client, head, kind === 'live' && replica !== undefined ? replica : gateway);
    });
  });

  function keep(socket: Socket): void {
    sockets.add(socket);
    // That a connection broke shows in its end.
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  }

  function join(client: Socket, head: Buffer, port: number): void {
    const backend = connect({ port, host: '127.0.0.1', noDelay: true });
    keep(backend);
    client.setNoDelay();
    backend.once('connect', () => {
      backend.write(head);
      client.pipe(backend).pipe(client, { end: false });
    });
    backend.once('close', () => (backend.bytesRead > 0 ? client.destroySoon() : refuse(away, client)));
    client.once('close', () => backend.destroy());
  }

  return {
    listen: (port, host) => listen(server, port, host, 'Set PORT, or HOST, to another one.'),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What a connection that begins with these bytes is for; undefined while they do not tell. */
function kindOf(head: Buffer): 'live' | 'other' | undefined {
  const text = head.toString('latin1', 0, mostHeadBytes);
  const live = 'GET /v1/live';
  if (!text.startsWith(live)) return live.startsWith(text) ? undefined : 'other';
  if (!text.includes('\r\n\r\n') && head.length < mostHeadBytes) return undefined;
  return /^GET \/v1\/live[? ]/.test(text) && /\r\nupgrade: *websocket/i.test(text) ? 'live' : 'other';
}
