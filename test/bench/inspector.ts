import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Bytes, as `process.memoryUsage` tells them. */
export interface ProcessMemory {
  readonly rss: number;
  readonly heapUsed: number;
  /** Outside the heap and held by objects in it, buffers among them. */
  readonly external: number;
}

/** The inspector of a program that was started with `--inspect`, by what it printed. */
export function inspectorUrlOf(lines: readonly string[]): string {
  const found = lines.map((line) => /^Debugger listening on (ws:\S+)$/.exec(line)?.[1]).find(Boolean);
  if (found === undefined) throw new Error('the program did not say where its inspector listens');
  return found;
}

/** Has another process collect its garbage, and asks what is left (Chrome DevTools Protocol). */
export async function memoryWithoutGarbage(inspectorUrl: string): Promise<ProcessMemory> {
  const socket = new WebSocket(inspectorUrl);
  await once(socket, 'open');
  const call = async (id: number, method: string, params: object = {}): Promise<string> => {
    socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [data] = (await once(socket, 'message')) as [Buffer];
      const answer = JSON.parse(data.toString()) as { id?: number; result?: { result?: { value?: string } } };
      if (answer.id === id) return answer.result?.result?.value ?? '';
    }
  };
  await call(1, 'HeapProfiler.collectGarbage');
  // What finalizers let go of is collected by the second one.
  await call(2, 'HeapProfiler.collectGarbage');
  const text = await call(3, 'Runtime.evaluate', { expression: 'JSON.stringify(process.memoryUsage())' });
  socket.close();
  const { rss, heapUsed, external } = JSON.parse(text) as ProcessMemory;
  return { rss, heapUsed, external };
}
