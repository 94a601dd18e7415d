import type { Readable } from 'node:stream';
import type { Context } from 'koa';

/** What a route answers. */
export interface Answer {
  readonly status: number;
  /** JSON unless `type` says otherwise; absent: no body. */
  readonly body?: string | Readable;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Puts the answer on its way. */
export function send(ctx: Context, { status, body, type = 'application/json', headers }: Answer): void {
  ctx.status = status;
  if (headers) {
    for (const name in headers) ctx.res.setHeader(name, headers[name] ?? '');
  }
  if (body === undefined) return;
  ctx.res.setHeader('Content-Type', type);
  ctx.body = body;
}
