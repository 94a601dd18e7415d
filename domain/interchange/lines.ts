import { TodoError } from '../errors.js';
import type { FileInput } from './import-entry.js';

/** A physical line, without its line break. */
export interface Line {
  /** from 1 */
  readonly number: number;
  /** The bytes, one a character (latin1): decode them with {@link decodeUtf8} once the entry is whole. */
  readonly bytes: string;
  /** True when the line was longer than the limit and only its beginning is here. */
  readonly cut: boolean;
}

/** What is kept of a line that is too long: enough to see what it would have been. */
const keptOfCutLine = 256;

/**
 * Splits a file into lines, holding one piece of it and one line at a time.
 * @param longest the bytes that a line may have
 * @returns the lines that each piece of the file completes
 * @throws TodoError `unreadable` for UTF-16
 */
export async function* readLines(input: FileInput, longest: number): AsyncGenerator<Line[]> {
  let number = 1;
  let open = '';
  let cut = false;
  // The first bytes, until a byte order mark can be told; null afterwards.
  let head: string | null = '';

  const add = (bytes: string): void => {
    if (cut) return;
    open += bytes;
    if (open.length > longest) {
      cut = true;
      // Through a Buffer: a plain slice would keep the whole line alive.
      open = Buffer.from(open.slice(0, keptOfCutLine), 'latin1').toString('latin1');
    }
  };
  const close = (): Line => {
    const line = { number, bytes: open.endsWith('\r') ? open.slice(0, -1) : open, cut };
    number += 1;
    open = '';
    cut = false;
    return line;
  };

  for await (const piece of input) {
    let bytes = asLatin1(piece);
    if (head !== null) {
      head += bytes;
      if (head.length < 3) continue;
      bytes = withoutByteOrderMark(head);
      head = null;
    }
    const parts = bytes.split('\n');
    const last = parts.pop() ?? '';
    const lines = parts.map((part) => {
      add(part);
      return close();
    });
    add(last);
    if (lines.length > 0) yield lines;
  }
  if (head !== null) add(withoutByteOrderMark(head));
  if (open !== '') yield [close()];
}

/**
 * Decodes the bytes of an entry.
 * @returns the text, or null when it is not UTF-8
 */
export function decodeUtf8(bytes: string): string | null {
  // eslint-disable-next-line no-control-regex
  if (/^[\u0000-\u007f]*$/.test(bytes)) return bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return null;
  }
}

function asLatin1(piece: string | Uint8Array): string {
  const buffer =
    typeof piece === 'string'
      ? Buffer.from(piece, 'utf8')
      : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  return buffer.toString('latin1');
}

function withoutByteOrderMark(bytes: string): string {
  if (bytes.startsWith('\u00ef\u00bb\u00bf')) return bytes.slice(3);
  if (bytes.startsWith('\u00ff\u00fe') || bytes.startsWith('\u00fe\u00ff')) {
    throw new TodoError('unreadable', 'The file is UTF-16; save it as UTF-8 and send it again.');
  }
  return bytes;
}
