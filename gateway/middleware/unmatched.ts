import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { TodoError } from '../../domain/errors.js';

/** Comes after the router: nothing is at this address, or not for this method. */
export function unmatched(router: Router): Middleware {
  return (ctx) => {
    const methods = new Set(router.match(ctx.path, ctx.method).path.flatMap((layer) => layer.methods));
    if (methods.size === 0) throw new TodoError('not_found', 'There is nothing at this address.');
    const allowed = [...methods].sort().join(', ');
    ctx.set('Allow', allowed);
    throw new TodoError('method_not_allowed', `${ctx.method} is not possible here; ${allowed} is.`);
  };
}
