import { timingSafeEqual } from 'node:crypto';
import type { Middleware } from 'koa';
import { TodoError, toProblem } from '../domain/errors.js';

/**
 * Lets through only who carries the app API token in `dapr-api-token`, as daprd does on every call but its health
 * probe (Dapr: "Authenticate requests from Dapr using token authentication"). Everybody else gets 401.
 * @param token as given to daprd in `APP_API_TOKEN`; its length is no secret
 */
export function requireAppToken(token: string): Middleware {
  if (token === '') throw new Error('the app API token is empty: anybody could call');
  const expected = Buffer.from(token);
  const refusal = toProblem(new TodoError('unauthorized', 'The header dapr-api-token must carry the app API token.'));
  return (context, next) => {
    const given = context.req.headers['dapr-api-token'];
    if (typeof given === 'string' && isSame(Buffer.from(given), expected)) return next();
    if (context.path === '/healthz') return next();
    context.status = refusal.status;
    context.type = 'application/problem+json';
    context.body = JSON.stringify(refusal);
    return Promise.resolve();
  };
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
