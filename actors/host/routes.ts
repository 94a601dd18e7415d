import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Middleware } from 'koa';
import { TodoError } from '../../domain/errors.js';
import { readActorPath } from './actor-path.js';
import type { HostedType } from './actor-table.js';
import { answerJson, answerProblem } from './answer.js';
import { readJson } from './read-json.js';

const noType = new TodoError('not_found', 'There is no such actor type here.');
const noMethod = new TodoError('not_found', 'The actor type has no method, reminder or timer of this name.');
const wrongVerb = new TodoError('method_not_allowed', 'The methods of an actor take PUT, the actor itself DELETE.');
const stillBusy = new TodoError('unavailable', 'The actor is in the middle of a turn; it is freed after that.');

export interface ActorRoutesOptions {
  readonly types: ReadonlyMap<string, HostedType>;
  readonly config: object;
  /** How long a deactivation may wait for the turns before it, in milliseconds. */
  readonly deactivationTimeoutMs: number;
}

/**
 * Takes `/actors/…` and `GET /dapr/config`, as daprd sends them (`pkg/actors/targets/app/app.go`,
 * `pkg/channel/http/http_channel.go`).
 */
export function actorRoutes({ types, config, deactivationTimeoutMs }: ActorRoutesOptions): Middleware {
  const configJson = JSON.stringify(config);
  const handled = Promise.resolve();

  return (context, next) => {
    const { req, res } = context;
    const { url = '' } = req;
    if (url.startsWith('/actors/')) takeActorCall(url, req, res);
    else if (url === '/dapr/config' && req.method === 'GET') answerJson(res, 200, configJson);
    else return next();
    context.respond = false;
    return handled;
  };

  function takeActorCall(url: string, request: IncomingMessage, response: ServerResponse): void {
    const path = readActorPath(url);
    const type = path && types.get(path.type);
    if (!type) {
      answerProblem(response, noType);
    } else if (request.method !== (path.kind === 'actor' ? 'DELETE' : 'PUT')) {
      answerProblem(response, wrongVerb);
    } else if (path.kind === 'actor') {
      deactivate(type, path.id, response);
    } else {
      const call = type.arrive(path, response);
      if (!call) {
        answerProblem(response, noMethod);
        return;
      }
      response.on('close', () => {
        call.abort();
      });
      readJson(request, call);
    }
  }

  function deactivate(type: HostedType, id: string, response: ServerResponse): void {
    const untilFree = type.deactivate(id);
    if (!untilFree) {
      answerJson(response, 200, '{}');
      return;
    }
    // daprd deactivates one actor at a time and waits without an end: a turn that hangs must not hold up the others.
    const timer = setTimeout(() => {
      answerProblem(response, stillBusy);
    }, deactivationTimeoutMs);
    void untilFree.then(() => {
      clearTimeout(timer);
      answerJson(response, 200, '{}');
    });
  }
}
