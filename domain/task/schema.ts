import { priorities, recurrenceWords } from './task.js';

/** The limits on what a person writes, in one place; the documents are made from here too. */
export const limits = {
  /** characters (code points) */
  title: 500,
  /** bytes in UTF-8 */
  description: 16 * 1024,
  tags: 50,
  /** characters */
  tag: 50,
  reminders: 20,
  /** characters */
  rule: 500,
} as const;

const text = { type: 'string' } as const;

/** JSON Schemas (2020-12) of the writable fields: they validate at the door and appear in /openapi.json. */
const fields = {
  title: {
    ...text,
    minLength: 1,
    maxLength: limits.title,
    description: `1 to ${limits.title} characters, on one line`,
    examples: ['Pay rent'],
  },
  description: {
    ...text,
    // Bytes are counted after this cheap bound in characters.
    maxLength: limits.description,
    description: `up to ${limits.description} bytes of UTF-8; lines are parted by \\n`,
  },
  priority: { enum: [...priorities] },
  tags: {
    type: 'array',
    maxItems: limits.tags,
    items: { ...text, minLength: 1, maxLength: limits.tag },
    description: `up to ${limits.tags} different tags of up to ${limits.tag} characters`,
    examples: [['home']],
  },
  due_date: {
    type: ['string', 'null'],
    maxLength: 19,
    description: 'a date, or a local date-time in time_zone (seconds optional)',
    examples: ['2026-11-30T09:00', '2026-11-30'],
  },
  time_zone: {
    type: ['string', 'null'],
    maxLength: 64,
    description: "an IANA zone; null: the user's own",
    examples: ['Europe/Berlin'],
  },
  recurrence: {
    description: 'a word (the day of the due date, a short month taking its last day) or an RFC 5545 rule',
    anyOf: [
      { type: 'null' },
      { enum: [...recurrenceWords] },
      {
        type: 'object',
        additionalProperties: false,
        required: ['rule'],
        properties: {
          rule: { ...text, minLength: 6, maxLength: limits.rule },
          basis: { enum: ['due_date', 'completion'], default: 'due_date' },
          catch_up: { enum: ['next', 'all'], default: 'next' },
        },
      },
    ],
    examples: ['monthly', { rule: 'FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD' }],
  },
  reminders: {
    type: 'array',
    maxItems: limits.reminders,
    items: {
      anyOf: [
        {
          type: 'object',
          additionalProperties: false,
          required: ['before'],
          properties: { before: { ...text, maxLength: 30 } },
        },
        {
          type: 'object',
          additionalProperties: false,
          required: ['at'],
          properties: { at: { ...text, maxLength: 19 } },
        },
      ],
    },
    description: `up to ${limits.reminders}: a duration before the due date, or a local date-time`,
    examples: [[{ before: 'PT15M' }, { at: '2026-11-29T18:00' }]],
  },
} as const;

export const newTaskSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['title'],
  properties: fields,
} as const;

/** A JSON merge patch (RFC 7396): null sets a field back to its default. */
export const taskPatchSchema = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    ...fields,
    description: { ...fields.description, type: ['string', 'null'] },
    priority: { enum: [...priorities, null] },
    tags: { ...fields.tags, type: ['array', 'null'] },
    reminders: { ...fields.reminders, type: ['array', 'null'] },
  },
} as const;

const instant = { type: 'string', format: 'date-time' } as const;
const nullable = <T extends object>(schema: T) => ({ anyOf: [schema, { type: 'null' }] });

/** A task as the interface shows it. */
export const taskSchema = {
  type: 'object',
  additionalProperties: false,
  required: [
    'id',
    'user_id',
    'title',
    'description',
    'status',
    'priority',
    'tags',
    'due_date',
    'time_zone',
    'recurrence',
    'series_id',
    'occurrence',
    'occurrence_date',
    'reminders',
    'version',
    'created_at',
    'updated_at',
    'completed_at',
  ],
  properties: {
    id: { type: 'string', format: 'uuid' },
    user_id: { type: 'string' },
    title: { type: 'string' },
    description: { type: 'string' },
    status: { enum: ['open', 'done'] },
    priority: { enum: [...priorities] },
    tags: { type: 'array', items: { type: 'string' } },
    due_date: nullable({ type: 'string' }),
    time_zone: { type: 'string' },
    recurrence: {
      anyOf: [
        { type: 'null' },
        { enum: [...recurrenceWords] },
        {
          type: 'object',
          additionalProperties: false,
          required: ['rule', 'basis', 'catch_up'],
          properties: {
            rule: { type: 'string' },
            basis: { enum: ['due_date', 'completion'] },
            catch_up: { enum: ['next', 'all'] },
          },
        },
      ],
    },
    series_id: nullable({ type: 'string', format: 'uuid' }),
    occurrence: nullable({ type: 'integer', minimum: 1 }),
    occurrence_date: nullable({ type: 'string' }),
    reminders: {
      type: 'array',
      items: {
        anyOf: [
          {
            type: 'object',
            additionalProperties: false,
            required: ['before'],
            properties: { before: { type: 'string' } },
          },
          {
            type: 'object',
            additionalProperties: false,
            required: ['at'],
            properties: { at: { type: 'string' } },
          },
        ],
      },
    },
    version: { type: 'integer', minimum: 1 },
    created_at: instant,
    updated_at: instant,
    completed_at: nullable(instant),
  },
} as const;
