import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { TodoError } from '../../domain/errors.js';

const idleTimeoutMs = 30_000;

/**
 * Takes in a large body before work on it begins: most HTTP clients read no answer before they have sent everything, so
 * one that is written meanwhile would block both sides, or pile up in memory.
 * @returns the body, on disk until it is destroyed or read to its end
 * @throws TodoError `payload_too_large`, `request_timeout` when nothing comes for half a minute, or `unreadable`
 */
export async function spool(request: IncomingMessage, mostBytes: number): Promise<Readable> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge(mostBytes);
  const file = await openNameless();
  try {
    let bytes = 0;
    for await (const chunk of withIdleTimeout(request)) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw tooLarge(mostBytes);
      await file.appendFile(chunk);
    }
    return file.createReadStream({ start: 0, highWaterMark: 256 * 1024 });
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The file has no name any more when it is used: nothing is left of it, however the process ends. */
async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `todo-import-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

async function* withIdleTimeout(request: IncomingMessage): AsyncGenerator<Buffer> {
  // The connection must outlive a refusal, which it carries.
  const chunks = request.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new TodoError('request_timeout', `Nothing came for ${idleTimeoutMs / 1000} seconds.`));
      }, idleTimeoutMs);
    });
    const next = (await Promise.race([chunks.next().catch(cutOff), late]).finally(() => {
      clearTimeout(timer);
    })) as IteratorResult<Buffer, undefined>;
    if (next.done) return;
    yield next.value;
  }
}

function cutOff(cause: unknown): never {
  throw new TodoError('unreadable', 'The body was cut off.', [], { cause });
}

function tooLarge(mostBytes: number): TodoError {
  return new TodoError('payload_too_large', `The file may have up to ${mostBytes} bytes.`);
}
