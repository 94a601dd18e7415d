import type { IncomingMessage } from 'node:http';
import { TodoError } from '../../domain/errors.js';

/** True when the request announces a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/**
 * Asks for one of the media types, in UTF-8 and without compression.
 * @returns the media type
 * @throws TodoError `unsupported_media_type`
 */
export function checkContentType({ headers }: IncomingMessage, accepted: readonly string[]): string {
  const contentType = headers['content-type'] ?? '';
  const [mediaType = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  const isUnicode = parameters.every(
    (parameter) => !parameter.startsWith('charset') || /^charset="?(?:utf-8|us-ascii)"?$/.test(parameter),
  );
  if (!accepted.includes(mediaType) || !isUnicode) {
    throw new TodoError('unsupported_media_type', `The body must be ${accepted.join(' or ')}, in UTF-8.`);
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new TodoError('unsupported_media_type', 'Send the body without Content-Encoding.');
  }
  return mediaType;
}
