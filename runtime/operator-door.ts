import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Registry } from 'prom-client';
import { listen } from './listen.js';

export interface OperatorDoorOptions {
  readonly metrics: Registry;
  /** True when a command would succeed. */
  readonly isReady: () => Promise<boolean>;
}

/** The HTTP server that operators' tools ask, without a token: `/metrics`, `/healthz`, `/readyz`. */
export interface OperatorDoor {
  /** @returns its URL. @throws OperatorError when the port cannot be had */
  listen(port: number, host: string): Promise<string>;
  close(): Promise<void>;
}

export function createOperatorDoor({ metrics, isReady }: OperatorDoorOptions): OperatorDoor {
  const server = createServer((request, response) => {
    answer(request.url ?? '').then(
      ([status, body, type]) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    );
  });

  async function answer(path: string): Promise<[status: number, body: string, type: string]> {
    if (path === '/metrics') return [200, await metrics.metrics(), metrics.contentType];
    if (path === '/healthz') return [200, '{"status":"ok"}', 'application/json'];
    if (path !== '/readyz') return [404, '', 'text/plain'];
    return (await isReady()) ? [200, '{"status":"ok"}', 'application/json'] : [503, '', 'text/plain'];
  }

  return {
    listen: (port, host) => listen(server, port, host, 'Set METRICS_PORT to another one, or to 0 for a free one.'),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
