import type { Context } from 'koa';
import type { ErrorCode } from '../domain/errors.js';
import type { Scope } from '../runtime/auth/verify-token.js';
import type { Answer } from './answer.js';
import { readJson } from './middleware/json-body.js';
import { parseQueryString } from './query-string.js';

/** A request that found its route. */
export interface Matched {
  readonly ctx: Context;
  /** Who calls; empty where no token is asked for. */
  readonly userId: string;
  /** The parts of the address that the route leaves open. */
  readonly params: Readonly<Record<string, string>>;
}

/** One call of the interface, as its handler sees it. */
export interface Call<Query, Body> extends Matched {
  readonly query: Query;
  readonly body: Body;
  /** The body as it came, parsed from JSON only. */
  readonly json: unknown;
}

/** Query parameters: the JSON Schema of an object with all of them, and what makes them trusted values. */
export interface QueryInput<Query> {
  readonly schema: object;
  /** @throws TodoError `invalid` */
  parse(parameters: object): Query;
}

export interface BodyInput<Body> {
  readonly schema: object;
  readonly contentTypes: readonly string[];
  /** False: no body at all is as good as `{}`. */
  readonly required: boolean;
  /** @throws TodoError `invalid` */
  parse(json: unknown): Body;
  readonly example?: unknown;
}

export interface HeaderInput {
  readonly name: string;
  readonly description: string;
  readonly schema: object;
}

export interface SuccessResponse {
  readonly description: string;
  /** Content type → JSON Schema; absent: no body. */
  readonly content?: Readonly<Record<string, object>>;
  /** Header name → what it says. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the document tells about a route; the same objects check what comes in. */
export interface RouteDescription {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** As in OpenAPI: `/v1/tasks/{id}`. */
  readonly path: string;
  /** null: no token is asked for. */
  readonly scope: Scope | null;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: { readonly schema: object };
  readonly headers?: readonly HeaderInput[];
  readonly body?: Omit<BodyInput<unknown>, 'parse'>;
  /** A body that the handler reads itself. */
  readonly upload?: Omit<BodyInput<unknown>, 'parse' | 'required'>;
  readonly responses: Readonly<Record<number, SuccessResponse>>;
  /** Refusals of this route, besides those that any route of its kind can give. */
  readonly errors?: readonly ErrorCode[];
}

export interface Route extends RouteDescription {
  readonly answer: (matched: Matched) => Promise<Answer> | Answer;
}

interface RouteDefinition<Query, Body> extends Omit<RouteDescription, 'query' | 'body'> {
  readonly query?: QueryInput<Query>;
  readonly body?: BodyInput<Body>;
  readonly handle: (call: Call<Query, Body>) => Promise<Answer> | Answer;
}

/** Ties the parsing of a route's input to its handler. A route without query parameters refuses each of them. */
export function route<Query = object, Body = undefined>(definition: RouteDefinition<Query, Body>): Route {
  const { query, body, handle, ...description } = definition;
  const readQuery = parseQueryString(query);
  const documented = { ...description, ...(query && { query }), ...(body && { body }) };
  if (!body) {
    return {
      ...documented,
      answer: (matched) =>
        handle({ ...matched, query: readQuery(matched.ctx), body: undefined as Body, json: undefined }),
    };
  }
  return {
    ...documented,
    async answer(matched) {
      const parameters = readQuery(matched.ctx);
      const json = await readJson(matched.ctx.req, body);
      return await handle({ ...matched, query: parameters, body: body.parse(json), json });
    },
  };
}
