import { taskSchema } from '../task/schema.js';

/** The version of the event schemas below. A schema may only grow within its version. */
export const eventVersion = 1;

const task = { $ref: '#/$defs/Task' } as const;
const none = { type: 'null' } as const;

function eventSchema<const Type extends string>(type: Type, before: object, after: object) {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['event_id', 'type', 'user_id', 'task_id', 'seq', 'version', 'timestamp', 'actor', 'before', 'after'],
    properties: {
      event_id: { type: 'string', format: 'uuid' },
      type: { const: type },
      user_id: { type: 'string', minLength: 1, maxLength: 128 },
      task_id: { type: 'string', format: 'uuid' },
      seq: { type: 'integer', minimum: 1, description: "The user's own count, without gaps." },
      version: { type: 'integer', minimum: 1, description: "The task's version after the event." },
      timestamp: { type: 'string', format: 'date-time' },
      actor: { enum: ['rest', 'mcp', 'recurrence', 'reminder', 'undo'] },
      before,
      after,
    },
  } as const;
}

/** The data of each type of event, in its present version; the TypeScript types are generated from it. */
export const eventSchemas = {
  TASK_CREATED: eventSchema('TASK_CREATED', none, task),
  TASK_UPDATED: eventSchema('TASK_UPDATED', task, task),
  TASK_COMPLETED: eventSchema('TASK_COMPLETED', task, task),
  TASK_REOPENED: eventSchema('TASK_REOPENED', task, task),
  TASK_DELETED: eventSchema('TASK_DELETED', task, none),
} as const;

/** All of them in one document (JSON Schema 2020-12). */
export const taskEventSchema = {
  title: 'TaskEventData',
  oneOf: Object.keys(eventSchemas).map((type) => ({ $ref: `#/$defs/${type}` })),
  $defs: { Task: taskSchema, ...eventSchemas },
} as const;
