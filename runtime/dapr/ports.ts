import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Child, ChildSpec, Supervisor } from '../supervision.js';

export const loopback = '127.0.0.1';
const attempts = 5;

/**
 * Below what systems give to outgoing connections (Linux from 32768 on, others from 49152): a port of these is not taken by
 * somebody's connection before its program listens, nor while that is started again.
 */
const first = 20_000;
const count = 12_000;
const mostTries = 1_000;
/** They are given one after the other, so that none is given twice before its program listens. */
let next = randomInt(count);

/** As many different ports of the loopback address that are free at this moment. */
export async function freePorts(wanted: number): Promise<number[]> {
  const servers = new Map<number, Server>();
  try {
    for (let tries = 1; servers.size < wanted; tries += 1) {
      const port = first + (next++ % count);
      const server = createServer();
      try {
        await once(server.listen(port, loopback), 'listening');
        servers.set(port, server);
      } catch (error) {
        if (tries >= mostTries) throw error;
      }
    }
  } finally {
    await Promise.all([...servers.values()].map((server) => once(server.close(), 'close')));
  }
  return [...servers.keys()];
}

export interface OnPorts<Name extends string> {
  readonly child: Child;
  readonly ports: Readonly<Record<Name, number>>;
}

/**
 * Starts a child that listens on free ports. Somebody else may take one between looking and listening: then it is started
 * again on others.
 * @param fixed ports that are given and stay as they are
 */
export async function startOnFreePorts<Name extends string>(
  supervisor: Supervisor,
  names: readonly Name[],
  specFor: (ports: Readonly<Record<Name, number>>) => ChildSpec,
  fixed?: Readonly<Partial<Record<Name, number | undefined>>>,
): Promise<OnPorts<Name>> {
  for (let attempt = 1; ; attempt++) {
    const free = await freePorts(names.length);
    const ports = Object.fromEntries(names.map((name, place) => [name, fixed?.[name] ?? free[place]])) as Record<
      Name,
      number
    >;
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
