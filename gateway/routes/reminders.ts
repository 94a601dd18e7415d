import { taskSchema } from '../../domain/task/schema.js';
import type { GatewayContext } from '../context.js';
import { jsonResponse } from '../json-media.js';
import { firstPlace, readReminderCursor, writeReminderCursor, type ReminderPlace } from '../reminder-list/cursor.js';
import { reminderLists, reminderStatuses, type ReminderStatus } from '../reminder-list/statement.js';
import { route, type QueryInput, type Route } from '../route.js';

const nullable = (schema: object, description: string) => ({ anyOf: [schema, { type: 'null' }], description });
const instant = { type: 'string', format: 'date-time' } as const;

const reminder = {
  type: 'object',
  additionalProperties: false,
  required: [
    'reminder_id',
    'task_id',
    'occurrence',
    'due_at',
    'reminder',
    'status',
    'channel',
    'delivered_at',
    'late_by_seconds',
  ],
  properties: {
    reminder_id: { type: 'string', format: 'uuid' },
    task_id: { type: 'string', format: 'uuid' },
    occurrence: nullable({ type: 'integer', minimum: 1 }, 'of a task that recurs'),
    due_at: { ...instant, description: 'when it comes' },
    reminder: { ...taskSchema.properties.reminders.items, description: 'as the task has it' },
    status: {
      enum: [...reminderStatuses],
      description:
        'pending until it is delivered; cancelled: the task is done, deleted or moved, or no channel wants it',
    },
    channel: nullable({ type: 'string' }, 'one entry for each, once it came due'),
    delivered_at: nullable(instant, 'when the channel took it'),
    late_by_seconds: nullable({ type: 'integer', minimum: 0 }, 'how late it came due, or was delivered'),
  },
} as const;

const reminders = {
  type: 'object',
  additionalProperties: false,
  required: ['reminders', 'next_cursor'],
  properties: {
    reminders: { type: 'array', items: reminder },
    next_cursor: { type: ['string', 'null'], description: 'of the next page; null at the end' },
  },
} as const;

interface RemindersQuery {
  readonly status: ReminderStatus | null;
  readonly limit: number;
  readonly after: ReminderPlace;
}

const remindersQuery: QueryInput<RemindersQuery> = {
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      status: { type: 'string', enum: [...reminderStatuses] },
      limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
      cursor: { type: 'string', minLength: 1, maxLength: 300, description: 'from next_cursor of the page before' },
    },
  },
  parse({ status = null, limit = 50, cursor }: { status?: ReminderStatus | null; limit?: number; cursor?: string }) {
    return { status, limit, after: cursor === undefined ? firstPlace : readReminderCursor(cursor, status) };
  },
};

/** What reminds a user, and what became of it. */
export function reminderRoutes({ pool }: Pick<GatewayContext, 'pool'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/reminders',
      scope: 'tasks:read',
      operationId: 'listReminders',
      summary: 'List reminders by when they come, and what became of them',
      query: remindersQuery,
      responses: { 200: jsonResponse('a page of reminders', reminders) },
      async handle({ userId, query: { status, limit, after } }) {
        const { due_at, reminder_id, channel } = after;
        // One more than asked for tells whether there is a next page.
        const rows = await reminderLists[status ?? 'all'](pool, [userId, due_at, reminder_id, channel, limit + 1]);
        const shown = rows.slice(0, limit);
        const last = shown.at(-1);
        const next = last && rows.length > limit ? writeReminderCursor(last, status) : null;
        const entries = shown.map(({ entry }) => entry).join(',');
        return { status: 200, body: `{"reminders":[${entries}],"next_cursor":${JSON.stringify(next)}}` };
      },
    }),
  ];
}
