import { connect } from 'node:net';

/** Sends bytes as they are and gives back all that comes until the server closes, or `idleMs` pass without more. */
export async function rawExchange(url: string, request: string | Buffer, idleMs = 300): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = '';
  await new Promise<void>((resolve, reject) => {
    let idle = setTimeout(resolve, 5_000);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      received += chunk;
      clearTimeout(idle);
      idle = setTimeout(resolve, idleMs);
    });
    socket.on('close', () => {
      clearTimeout(idle);
      resolve();
    });
    socket.on('error', reject);
    socket.write(request);
  });
  socket.destroy();
  return received;
}
