import { once } from 'node:events';
import type { Server } from 'node:net';
import { OperatorError } from './operator-error.js';

/**
 * Has a server listen.
 * @param advice what to set to have it listen elsewhere: `Set PORT, or HOST, to another one.`
 * @returns its URL, with the port that it got for 0
 * @throws OperatorError when the port cannot be had
 */
export async function listen(server: Server, port: number, host: string, advice: string): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening').catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const why =
      code === 'EADDRINUSE' ? 'another program has it' : cause instanceof Error ? cause.message : String(cause);
    throw new OperatorError(`Port ${port} of ${host} cannot be had: ${why}. ${advice}`, { cause });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('unreachable: it listens on a port');
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${name}:${address.port}`;
}
