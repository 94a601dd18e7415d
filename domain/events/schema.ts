import { taskSchema } from '../task/schema.js';

/** The version of the event schemas below. A schema may only grow within its version. */
export const eventVersion = 1;

const task = { $ref: '#/$defs/Task' } as const;
const none = { type: 'null' } as const;
const taskOrNone = { anyOf: [task, none] } as const;

const members = ['event_id', 'type', 'user_id', 'task_id', 'seq', 'version', 'timestamp', 'actor', 'before', 'after'];

function eventSchema<const Type extends string>(type: Type, before: object, after: object) {
  return {
    type: 'object',
    additionalProperties: false,
    required: members,
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

/** A fact changes no task: `version` and `after` are those of the task as it stands, null where it is deleted. */
function factSchema<const Type extends string>(type: Type, detail: keyof typeof detailSchemas) {
  const { required, properties, ...rest } = eventSchema(type, none, taskOrNone);
  return {
    ...rest,
    required: [...required, 'detail'],
    properties: { ...properties, detail: { $ref: `#/$defs/${detail}` } },
  } as const;
}

function detailSchema<Properties extends object>(properties: Properties) {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties } as const;
}

const uuid = { type: 'string', format: 'uuid' } as const;
const instant = { type: 'string', format: 'date-time' } as const;
const occurrence = { type: 'integer', minimum: 1 } as const;
const late = {
  late_by_seconds: { type: 'integer', minimum: 0, description: 'How long after it was due; whole seconds.' },
} as const;
const reminder = {
  reminder_id: uuid,
  occurrence: { anyOf: [occurrence, none] },
  due_at: { ...instant, description: 'The instant that the reminder comes to.' },
  reminder: taskSchema.properties.reminders.items,
} as const;

/** What a fact says besides the task. */
export const detailSchemas = {
  ReminderDetail: detailSchema(reminder),
  ReminderDueDetail: detailSchema({ ...reminder, ...late }),
  ReminderDeliveredDetail: detailSchema({
    ...reminder,
    channel: { type: 'string', minLength: 1, maxLength: 64 },
    delivered_at: instant,
    ...late,
  }),
  TaskRecurredDetail: detailSchema({
    series_id: uuid,
    occurrence,
    occurrence_date: { type: 'string' },
    previous_task_id: uuid,
  }),
  SeriesEndedDetail: detailSchema({ series_id: uuid, occurrence }),
} as const;

/** Those that change a task, and raise its version. */
const changeSchemas = {
  TASK_CREATED: eventSchema('TASK_CREATED', none, task),
  TASK_UPDATED: eventSchema('TASK_UPDATED', task, task),
  TASK_COMPLETED: eventSchema('TASK_COMPLETED', task, task),
  TASK_REOPENED: eventSchema('TASK_REOPENED', task, task),
  TASK_SKIPPED: eventSchema('TASK_SKIPPED', task, task),
  TASK_DELETED: eventSchema('TASK_DELETED', task, none),
} as const;

/** Those that change none; see docs/decisions/0011-facts-beside-changes.md. */
const factSchemas = {
  TASK_RECURRED: factSchema('TASK_RECURRED', 'TaskRecurredDetail'),
  SERIES_ENDED: factSchema('SERIES_ENDED', 'SeriesEndedDetail'),
  REMINDER_SCHEDULED: factSchema('REMINDER_SCHEDULED', 'ReminderDetail'),
  REMINDER_CANCELLED: factSchema('REMINDER_CANCELLED', 'ReminderDetail'),
  REMINDER_DUE: factSchema('REMINDER_DUE', 'ReminderDueDetail'),
  REMINDER_DELIVERED: factSchema('REMINDER_DELIVERED', 'ReminderDeliveredDetail'),
} as const;

/** The data of each type of event, in its present version; the TypeScript types are generated from it. */
export const eventSchemas = { ...changeSchemas, ...factSchemas } as const;

/** All of them in one document (JSON Schema 2020-12). */
export const taskEventSchema = {
  title: 'TaskEventData',
  oneOf: Object.keys(eventSchemas).map((type) => ({ $ref: `#/$defs/${type}` })),
  $defs: { Task: taskSchema, ...detailSchemas, ...eventSchemas },
} as const;
