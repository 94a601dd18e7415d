import type { Context, Middleware } from 'koa';
import type { Logger } from 'pino';
import { TodoError, toProblem, type ErrorCode, type Problem } from '../../domain/errors.js';
import { asUnavailable } from '../../runtime/postgres/availability.js';

/** When the same again may succeed, in seconds. */
const retryAfter: Partial<Record<ErrorCode, string>> = { unavailable: '2', contended: '1', rate_limited: '1' };

/** Renders whatever is thrown as RFC 9457 problem details. */
export function problems(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const known = asTodoError(error);
      const problem = toProblem(known);
      if (problem.status >= 500) {
        const level = problem.code === 'internal' ? 'error' : 'warn';
        const request_id = ctx.response.get('X-Request-Id');
        log[level]({ err: known, request_id, method: ctx.method, path: ctx.path }, 'a request failed');
      }
      render(ctx, problem);
    }
  };
}

function render(ctx: Context, problem: Problem): void {
  ctx.status = problem.status;
  ctx.set('Content-Type', 'application/problem+json');
  ctx.set('Cache-Control', 'no-store');
  const retry = retryAfter[problem.code];
  if (retry !== undefined) ctx.set('Retry-After', retry);
  if (problem.code === 'request_timeout') ctx.set('Connection', 'close');
  ctx.body = JSON.stringify(problem);
}

/** What Koa and its parts throw says by `expose` that the request is to blame. */
function asTodoError(error: unknown): unknown {
  if (error instanceof Error && 'expose' in error && error.expose === true) {
    return new TodoError('unreadable', error.message, [], { cause: error });
  }
  return asUnavailable(error);
}
