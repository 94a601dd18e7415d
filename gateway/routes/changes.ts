import { detailSchemas, eventSchemas } from '../../domain/events/schema.js';
import { taskSchema } from '../../domain/task/schema.js';
import type { GatewayContext } from '../context.js';
import { jsonResponse } from '../json-media.js';
import { pageSizeParameter, sinceParameter } from '../paging.js';
import { route, type QueryInput, type Route } from '../route.js';
import { readChanges } from '../sql/read-changes.js';

/** What a fact says besides the task. */
export const factDetailSchema = {
  anyOf: Object.values(detailSchemas),
  description: 'only where the type is one that changes no task: TASK_RECURRED, SERIES_ENDED, REMINDER_…',
} as const;

/** One change, as here and on the live feed. */
export const changeSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['seq', 'type', 'task_id', 'timestamp', 'task'],
  properties: {
    seq: { type: 'integer', minimum: 1, description: 'the place in your own order, which has no gaps' },
    type: { enum: Object.keys(eventSchemas) },
    task_id: { type: 'string', format: 'uuid' },
    timestamp: { type: 'string', format: 'date-time' },
    task: { anyOf: [taskSchema, { type: 'null' }], description: 'the task after it; null once deleted' },
    detail: factDetailSchema,
  },
} as const;

const changes = {
  type: 'object',
  additionalProperties: false,
  required: ['changes', 'seq'],
  properties: {
    changes: { type: 'array', items: changeSchema },
    seq: { type: 'integer', minimum: 0, description: 'go on from here with since' },
  },
} as const;

const page: QueryInput<{ since: number; limit: number }> = {
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: { since: sinceParameter, limit: pageSizeParameter },
  },
  parse: ({ since = 0, limit = 100 }: { since?: number; limit?: number }) => ({ since, limit }),
};

/** All that happened to a user's tasks, in order. */
export function changeRoutes({ pool }: Pick<GatewayContext, 'pool'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/changes',
      scope: 'tasks:read',
      operationId: 'listChanges',
      summary: 'Read what happened, in order',
      query: page,
      responses: { 200: jsonResponse('changes after `since`', changes) },
      async handle({ userId, query: { since, limit } }) {
        const rows = await readChanges(pool, [userId, since, limit]);
        const seq = rows.at(-1)?.seq ?? since;
        return { status: 200, body: `{"changes":[${rows.map((row) => row.change).join(',')}],"seq":${seq}}` };
      },
    }),
  ];
}
