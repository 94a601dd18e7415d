import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Context } from 'koa';
import { TodoError } from '../domain/errors.js';
import type { CommandEnvelope } from '../domain/task/commands.js';
import type { HeaderInput } from './route.js';

const pattern = '^[\\x21-\\x7e]{1,255}$';
const acceptable = new RegExp(pattern);

export const idempotencyKey: HeaderInput = {
  name: 'Idempotency-Key',
  description:
    'A name for this command. The same key and request again get the first answer again, for a day at least; the same key with another request is refused.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern },
};

/**
 * The client's name for this command, and what it was given to: SHA-256 over method, address and the body in canonical
 * form (RFC 8785).
 * @returns null when the request has none
 * @throws TodoError `invalid`
 */
export function idempotencyOf(ctx: Context, body: unknown): CommandEnvelope['idempotency'] {
  const key = ctx.req.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !acceptable.test(key)) {
    const detail = 'must have 1 to 255 visible ASCII characters and no space';
    throw new TodoError('invalid', `The header Idempotency-Key ${detail}.`, [
      { pointer: '/Idempotency-Key', detail, in: 'header' },
    ]);
  }
  const request = canonicalize([ctx.method, ctx.url, body]) ?? '';
  return { key, request_hash: createHash('sha256').update(request).digest('hex') };
}
