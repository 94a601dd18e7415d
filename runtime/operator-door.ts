import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { OperatorError } from './operator-error.js';

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
    async listen(port, host) {
      server.listen(port, host);
      await once(server, 'listening').catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new OperatorError(`METRICS_PORT ${port} cannot be had: ${why}. Choose another, or 0 for a free one.`);
      });
      const { address, port: actual, family } = server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
