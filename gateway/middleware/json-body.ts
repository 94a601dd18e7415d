import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { TodoError } from '../../domain/errors.js';
import { checkContentType, hasBody } from './content-type.js';

const mostBytes = 1024 * 1024;
const deepest = 32;
const defaultTimeoutMs = 10_000;

export interface JsonBody {
  /** The media types that are taken. */
  readonly contentTypes: readonly string[];
  /** False: no body reads as `{}`. */
  readonly required: boolean;
}

/**
 * Reads a JSON body of up to 1 MiB.
 * @param timeoutMs how long it may take to arrive
 * @throws TodoError `unsupported_media_type`, `payload_too_large`, `request_timeout` or `unreadable`
 */
export async function readJson(
  request: IncomingMessage,
  { contentTypes, required }: JsonBody,
  timeoutMs = defaultTimeoutMs,
): Promise<unknown> {
  if (!hasBody(request)) {
    if (required) throw new TodoError('unreadable', `A body is needed: ${contentTypes.join(' or ')}.`);
    return {};
  }
  checkContentType(request, contentTypes);
  return parse(await readBytes(request, timeoutMs));
}

function readBytes(request: IncomingMessage, timeoutMs: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return Promise.reject(tooLarge());
  if (request.destroyed) return Promise.reject(cutOff());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(() => {
      end();
      reject(new TodoError('request_timeout', `The body did not arrive within ${timeoutMs / 1000} seconds.`));
    }, timeoutMs);
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > mostBytes) {
        end();
        reject(tooLarge());
      } else chunks.push(chunk);
    };
    const onEnd = (): void => {
      end();
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length));
    };
    const onClose = (): void => {
      end();
      reject(cutOff());
    };
    const end = (): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

function tooLarge(): TodoError {
  return new TodoError('payload_too_large', `The body may have up to ${mostBytes} bytes.`);
}

/** Nobody is left to read this. */
function cutOff(): TodoError {
  return new TodoError('unreadable', 'The body was cut off.');
}

function parse(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new TodoError('unreadable', 'The body is not UTF-8.');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (error) {
    throw new TodoError('unreadable', 'The body is not JSON.', [], { cause: error });
  }
  if (isDeeperThan(value, deepest)) {
    throw new TodoError('unreadable', `The body is nested more than ${deepest} levels deep.`);
  }
  return value;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const member of Object.values(value)) {
    if (isDeeperThan(member, levels - 1)) return true;
  }
  return false;
}
