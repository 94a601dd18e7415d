import { TodoError } from '../../domain/errors.js';
import type { GatewayContext } from '../context.js';
import { jsonResponse } from '../json-media.js';
import { route, type Route } from '../route.js';

const health = {
  type: 'object',
  additionalProperties: false,
  required: ['status'],
  properties: { status: { const: 'ok' } },
} as const;
const ok = JSON.stringify({ status: 'ok' });

/** What operators and tools ask, without a token. `document` gives the OpenAPI document as JSON. */
export function systemRoutes(
  { isReady, metrics, config }: Pick<GatewayContext, 'isReady' | 'metrics' | 'config'>,
  document: () => string,
): Route[] {
  const metricsRoute = route({
    method: 'get',
    path: '/metrics',
    scope: null,
    operationId: 'getMetrics',
    summary: 'Figures for Prometheus',
    responses: { 200: { description: 'text exposition format', content: { 'text/plain': { type: 'string' } } } },
    handle: async () => ({ status: 200, type: metrics.contentType, body: await metrics.metrics() }),
  });
  return [
    route({
      method: 'get',
      path: '/openapi.json',
      scope: null,
      operationId: 'getDocument',
      summary: 'This document',
      responses: { 200: jsonResponse('OpenAPI 3.1', { type: 'object' }) },
      handle: () => ({ status: 200, body: document() }),
    }),
    route({
      method: 'get',
      path: '/healthz',
      scope: null,
      operationId: 'getHealth',
      summary: 'Is the process alive?',
      responses: { 200: jsonResponse('it is', health) },
      handle: () => ({ status: 200, body: ok }),
    }),
    route({
      method: 'get',
      path: '/readyz',
      scope: null,
      operationId: 'getReadiness',
      summary: 'Would a command succeed now?',
      responses: { 200: jsonResponse('it would', health) },
      errors: ['unavailable'],
      async handle() {
        if (!(await isReady())) throw new TodoError('unavailable', 'A part that commands need is not up yet, or down.');
        return { status: 200, body: ok };
      },
    }),
    // Else operators have a door of their own for it.
    ...(config.metricsPort === undefined ? [metricsRoute] : []),
    route({
      method: 'get',
      path: '/v1/live',
      scope: null,
      operationId: 'openLiveFeed',
      summary: 'The live feed, over WebSocket',
      description:
        'Connect with a WebSocket client; the token goes into Authorization, or into the subprotocol pair `bearer, <token>`.',
      query: {
        schema: {
          type: 'object',
          properties: {
            since: { type: 'integer', minimum: 0, description: 'what was missed after this seq comes first' },
          },
        },
        parse: (parameters) => parameters,
      },
      responses: { 101: { description: 'switching to WebSocket' } },
      errors: ['upgrade_required'],
      handle({ ctx }) {
        ctx.set('Upgrade', 'websocket');
        throw new TodoError('upgrade_required', 'Connect with a WebSocket client.');
      },
    }),
  ];
}
