import type { Middleware } from 'koa';

const timeoutMs = 10_000;

/**
 * Ends the connection when a body that nobody read, because the request was refused before, goes on arriving long after
 * the answer. Until then node drains it, so that a client that writes before it reads gets the answer.
 */
export const unreadBody: Middleware = async (ctx, next) => {
  const { req } = ctx;
  await next();
  if (req.complete) return;
  const timer = setTimeout(() => {
    if (!req.complete) req.destroy();
  }, timeoutMs);
  timer.unref();
};
