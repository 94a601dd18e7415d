import type { Middleware } from 'koa';

/** Answers are data for programs: nothing may render, run, frame, sniff or keep them. A page sets its own. */
export const securityHeaders: Middleware = (ctx, next) => {
  const { res } = ctx;
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.setHeader('Cache-Control', 'no-store');
  return next();
};
