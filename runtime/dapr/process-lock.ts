import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Holds a lock among the processes of this user until the returned function is called, or the process ends in whatever
 * way: the lock is a listening socket, which the system closes with its process, and on which the others wait.
 * @param name any string; the same name is the same lock
 * @param onWait called once when somebody else holds it
 * @throws the signal's reason when it aborts while waiting
 */
export async function lockByProcess(name: string, onWait: () => void, signal?: AbortSignal): Promise<() => void> {
  const address = socketAddress(name);
  let hasWaited = false;
  for (;;) {
    signal?.throwIfAborted();
    const release = await listenAlone(address);
    if (release) return release;
    if (!hasWaited) onWait();
    hasWaited = true;
    signal?.throwIfAborted();
    await holderGone(address, signal);
  }
}

/** Linux and Windows have socket names that vanish with their process; elsewhere it is a file, short as paths of sockets must be. */
function socketAddress(name: string): string {
  const user = process.getuid?.() ?? 0;
  const id = `todo-chatbot-${user}-${createHash('sha256').update(name).digest('hex').slice(0, 24)}`;
  if (process.platform === 'linux') return `\0${id}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${id}` : join(tmpdir(), id);
}

async function listenAlone(address: string): Promise<(() => void) | undefined> {
  const waiting = new Set<Socket>();
  const server: Server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => waiting.delete(socket));
  });
  server.listen(address);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
  return () => {
    server.close();
    for (const socket of waiting) socket.destroy();
  };
}

/** Resolves when whoever listens there no longer does. */
async function holderGone(address: string, signal: AbortSignal | undefined): Promise<void> {
  const socket = connect(address);
  const stop = (): void => void socket.destroy();
  signal?.addEventListener('abort', stop);
  let failure: unknown;
  socket.on('error', (error) => (failure = error)).resume();
  // Not `once`: it rejects on the error that a killed holder, too, brings before the close.
  await new Promise((resolve) => socket.on('close', resolve));
  signal?.removeEventListener('abort', stop);
  // The file of a holder that was killed. Two that remove it at once may both go on: then it is made twice, and whole.
  const isLeftover = failure instanceof Error && 'code' in failure && failure.code === 'ECONNREFUSED';
  if (isLeftover && process.platform !== 'linux') await rm(address, { force: true });
}
