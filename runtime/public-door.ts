import { once } from 'node:events';
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import Koa from 'koa';
import type { PublicDoor } from './role.js';

/** Sockets are cut when the headers or the whole request take longer, in milliseconds. */
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 300_000;
const mostHeaderBytes = 16 * 1024;

type UpgradeHandler = Parameters<PublicDoor['onUpgrade']>[1];

export interface OpenPublicDoor extends PublicDoor {
  /** Listens; resolves with the URL that people use. @throws Error when the port is taken */
  listen(port: number, host: string): Promise<string>;
  /** Takes no new requests, lets the running ones end, and closes idle connections. */
  close(): Promise<void>;
}

/** The HTTP server that people and programs reach. */
export function createPublicDoor(): OpenPublicDoor {
  const app = new Koa();
  const upgrades = new Map<string, UpgradeHandler>();
  let server: Server | undefined;

  return {
    app,
    onUpgrade: (path, handler) => void upgrades.set(path, handler),
    async listen(port, host) {
      server = createServer(
        {
          headersTimeout: headersTimeoutMs,
          requestTimeout: requestTimeoutMs,
          maxHeaderSize: mostHeaderBytes,
          keepAliveTimeout: 65_000,
        },
        app.callback(),
      );
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        const handler = upgrades.get(new URL(request.url ?? '/', 'http://localhost').pathname);
        if (handler) handler(request, socket, head);
        else refuseUpgrade(socket);
      });
      server.listen(port, host);
      await once(server, 'listening');
      const address = server.address() as AddressInfo;
      const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      return `http://${name}:${address.port}`;
    },
    async close() {
      if (!server) return;
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

function refuseUpgrade(socket: Duplex): void {
  socket.end(`HTTP/1.1 404 ${STATUS_CODES[404]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
