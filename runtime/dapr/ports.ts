import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Child, ChildSpec, Supervisor } from '../supervision.js';

export const loopback = '127.0.0.1';
const attempts = 5;

/** As many different ports of the loopback address that are free at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, loopback));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('unreachable: it listens on a port');
    ports.push(address.port);
  }
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

export interface OnPorts<Name extends string> {
  readonly child: Child;
  readonly ports: Readonly<Record<Name, number>>;
}

/**
 * Starts a child that listens on free ports. Somebody else may take one between looking and listening: then it is started
 * again on others.
 */
export async function startOnFreePorts<Name extends string>(
  supervisor: Supervisor,
  names: readonly Name[],
  specFor: (ports: Readonly<Record<Name, number>>) => ChildSpec,
): Promise<OnPorts<Name>> {
  for (let attempt = 1; ; attempt++) {
    const free = await freePorts(names.length);
    const ports = Object.fromEntries(names.map((name, place) => [name, free[place]])) as Record<Name, number>;
    try {
      return { child: await supervisor.start(specFor(ports)), ports };
    } catch (error) {
      if (attempt === attempts || !isPortTaken(error)) throw error;
    }
  }
}

/** The supervisor's error ends with the child's last lines: Go's text for it, and daprd's own for its HTTP port. */
function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use|could not listen on any endpoint/i.test(error.message);
}
