import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { TodoError } from '../../domain/errors.js';

/** daprd itself refuses 4 MiB and more, in both directions. */
const largestBody = 4 * 1024 * 1024 - 1;

/** Who wants the body of a request. One of the two is called, once; neither when the connection breaks. */
export interface BodyReader {
  /** @param body undefined when the request had none */
  begin(body: unknown): void;
  /** @param error `unreadable` for what is not JSON in UTF-8, `payload_too_large` from 4 MiB on */
  refuse(error: TodoError): void;
}

/** Reads the JSON body of a request. By hand: this is on the path of every command. */
export function readJson(request: IncomingMessage, reader: BodyReader): void {
  let first: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    // Read on without keeping it: an answer before the end of the body would look like a broken connection.
    if (length > largestBody) first = chunks = undefined;
    else if (first) (chunks ??= [first]).push(chunk);
    else first = chunk;
  });
  request.on('end', () => {
    if (length > largestBody) {
      reader.refuse(new TodoError('payload_too_large', 'The body must be smaller than 4 MiB.'));
    } else if (!first) {
      reader.begin(undefined);
    } else {
      const body = parse(chunks ? Buffer.concat(chunks) : first);
      if (body instanceof TodoError) reader.refuse(body);
      else reader.begin(body);
    }
  });
}

function parse(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) return new TodoError('unreadable', 'The body must be JSON in UTF-8.');
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    return new TodoError('unreadable', 'The body must be JSON.', [], { cause });
  }
}
