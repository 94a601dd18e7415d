import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Router from '@koa/router';
import { packageRoot } from '../runtime/package-root.js';
import type { StartedRole } from '../runtime/role.js';
import { send } from './answer.js';
import type { GatewayContext } from './context.js';
import { authenticate } from './middleware/authenticate.js';
import { problems } from './middleware/problems.js';
import { requestId } from './middleware/request-id.js';
import { requestMetrics } from './middleware/request-metrics.js';
import { securityHeaders } from './middleware/security-headers.js';
import { unmatched } from './middleware/unmatched.js';
import { unreadBody } from './middleware/unread-body.js';
import { openApiDocument } from './openapi/document.js';
import type { Route } from './route.js';
import { auditRoutes } from './routes/audit.js';
import { changeRoutes } from './routes/changes.js';
import { channelRoutes } from './routes/channels.js';
import { interchangeRoutes } from './routes/interchange.js';
import { meRoutes } from './routes/me.js';
import { recurrenceRoutes } from './routes/recurrence.js';
import { reminderRoutes } from './routes/reminders.js';
import { systemRoutes } from './routes/system.js';
import { taskRoutes } from './routes/tasks.js';

/**
 * The door for people and programs: REST over `context.publicDoor`. It needs of Dapr only what carries out commands and
 * reads the log; whoever passes something else that does gets the same interface.
 */
export function startGateway(context: GatewayContext): StartedRole {
  const { publicDoor, log, metrics, tokens } = context;
  const stopping = new AbortController();
  const router = new Router({ sensitive: true, strict: true });
  for (const route of gatewayRoutes(context, stopping.signal)) mount(router, route, tokens);
  publicDoor.app.on('error', (err: unknown) => {
    // What is left to Koa: an answer that broke off in the middle, because its reader went away or its source failed.
    const isReaderGone = err instanceof Error && 'code' in err && err.code === 'ERR_STREAM_PREMATURE_CLOSE';
    log[isReaderGone ? 'debug' : 'error']({ err }, 'an answer could not be sent whole');
  });
  publicDoor.app
    .use(requestMetrics(metrics))
    .use(requestId)
    .use(securityHeaders)
    .use(unreadBody)
    .use(problems(log))
    .use(router.routes())
    .use(unmatched(router));
  return {
    // The door ends what else is running.
    stop() {
      stopping.abort();
      return Promise.resolve();
    },
  };
}

/** Every route of the interface, as the router and the document take them. */
export function gatewayRoutes(context: GatewayContext, stopping: AbortSignal): Route[] {
  const routes: Route[] = [
    ...taskRoutes(context),
    ...recurrenceRoutes(context),
    ...changeRoutes(context),
    ...auditRoutes(context),
    ...meRoutes(context),
    ...channelRoutes(context),
    ...reminderRoutes(context),
    ...interchangeRoutes(context, stopping),
    ...systemRoutes(context, (): string => document),
  ];
  const document: string = JSON.stringify(openApiDocument(routes, packageVersion()));
  return routes;
}

function mount(router: Router, { method, path, scope, answer }: Route, tokens: GatewayContext['tokens']): void {
  router.register(path.replaceAll(/\{(\w+)\}/g, ':$1'), [method], async (ctx) => {
    const userId = scope === null ? '' : await authenticate(ctx, tokens, scope);
    send(ctx, await answer({ ctx, userId, params: ctx.params }));
  });
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return version;
}
