import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';

const acceptable = /^[\w.:-]{1,128}$/;

/** Names each request, by the caller's own `X-Request-Id` where it has a sound one: the log and the answer carry it. */
export const requestId: Middleware = (ctx, next) => {
  const given = ctx.req.headers['x-request-id'];
  const isGiven = typeof given === 'string' && acceptable.test(given);
  ctx.res.setHeader('X-Request-Id', isGiven ? given : randomUUID());
  return next();
};
