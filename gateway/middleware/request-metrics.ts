import type { Middleware } from 'koa';
import { Histogram, type Registry } from 'prom-client';

/** Counts and times requests by route, method and status. */
export function requestMetrics(metrics: Registry): Middleware {
  const duration = new Histogram({
    name: 'todo_http_request_duration_seconds',
    help: 'Time from the request’s headers to its answer being ready.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [metrics],
  });
  return async (ctx, next) => {
    const start = performance.now();
    await next();
    // What was asked for only as far as it is one of ours: a label has few values.
    const matched: unknown = ctx._matchedRoute;
    const route = typeof matched === 'string' ? matched : 'none';
    const method = route === 'none' ? 'any' : ctx.method;
    duration.observe({ method, route, status: ctx.status }, (performance.now() - start) / 1000);
  };
}
