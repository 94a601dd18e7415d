import { eventSchemas } from '../../domain/events/schema.js';
import { taskSchema } from '../../domain/task/schema.js';
import type { GatewayContext } from '../context.js';
import { jsonResponse } from '../json-media.js';
import { pageSizeParameter, sinceParameter } from '../paging.js';
import { route, type QueryInput, type Route } from '../route.js';
import { factDetailSchema } from './changes.js';

const event = eventSchemas.TASK_UPDATED.properties;
const taskOrNone = {
  anyOf: [taskSchema, { type: 'null' }],
  description: 'null also where it was forgotten',
} as const;
const sha256 = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;

const auditEntry = {
  type: 'object',
  additionalProperties: false,
  required: [
    'seq',
    'event_id',
    'task_id',
    'version',
    'type',
    'timestamp',
    'actor',
    'before',
    'after',
    'content_hash',
    'hash',
    'previous_hash',
  ],
  properties: {
    seq: event.seq,
    event_id: event.event_id,
    task_id: event.task_id,
    version: event.version,
    type: { enum: Object.keys(eventSchemas) },
    timestamp: event.timestamp,
    actor: event.actor,
    before: taskOrNone,
    after: taskOrNone,
    detail: factDetailSchema,
    content_hash: {
      anyOf: [sha256, { type: 'null' }],
      description:
        'SHA-256 of the sealed content, which stands for before, after and detail in the hash; null: they do themselves',
    },
    hash: sha256,
    previous_hash: sha256,
  },
} as const;

const auditLog = {
  type: 'object',
  additionalProperties: false,
  required: ['entries', 'next_since'],
  properties: {
    entries: { type: 'array', items: auditEntry },
    next_since: { type: ['integer', 'null'], description: 'go on from here with since; null at the end' },
  },
} as const;

interface AuditQuery {
  readonly task_id: string | null;
  readonly since: number;
  readonly limit: number;
}

const auditQuery: QueryInput<AuditQuery> = {
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      task_id: { type: 'string', format: 'uuid', description: 'of this task only' },
      since: sinceParameter,
      limit: pageSizeParameter,
    },
  },
  parse: ({ task_id, since = 0, limit = 100 }: Partial<AuditQuery>) => ({
    task_id: task_id?.toLowerCase() ?? null,
    since,
    limit,
  }),
};

/** The immutable log, which the audit role keeps. */
export function auditRoutes({ dapr }: Pick<GatewayContext, 'dapr'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/audit',
      scope: 'tasks:read',
      operationId: 'listAuditEntries',
      summary: 'Read the immutable log: each change with the task before and after it',
      query: auditQuery,
      responses: { 200: jsonResponse('entries after `since`', auditLog) },
      async handle({ userId, query }) {
        const answer = await dapr.invoke('audit', 'audit-log', { user_id: userId, ...query });
        return { status: 200, body: JSON.stringify(answer) };
      },
    }),
  ];
}
