import { isTimeZone, localDateFault } from '../../domain/dates/local-date.js';
import { TodoError, type InputError } from '../../domain/errors.js';
import { slots, type Slot } from '../../domain/recurrence/calculate.js';
import { recurrenceFault } from '../../domain/recurrence/recurrence-fault.js';
import { upcoming } from '../../domain/recurrence/upcoming.js';
import { faultSummary } from '../../domain/task/parse-fields.js';
import { limits } from '../../domain/task/schema.js';
import { recurrenceWords, type Recurrence, type Task } from '../../domain/task/task.js';
import { validator } from '../../domain/validation.js';
import type { Answer } from '../answer.js';
import type { GatewayContext } from '../context.js';
import { jsonResponse } from '../json-media.js';
import { route, type BodyInput, type QueryInput, type Route } from '../route.js';
import { readSeries } from '../sql/read-series.js';
import { readSettings } from '../sql/user-settings.js';
import { noSuchTask, readTaskId } from '../task-id.js';

const count = { type: 'integer', minimum: 1, maximum: 1000, default: 10, description: 'how many' } as const;
const defaultCount = 10;

const occurrences = {
  type: 'object',
  additionalProperties: false,
  required: ['occurrences'],
  properties: {
    occurrences: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['local', 'utc', 'shifted'],
        properties: {
          local: { type: 'string', description: 'a date, or wall time in the zone of the task' },
          utc: {
            anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }],
            description: 'null for a date without a time',
          },
          shifted: { type: 'boolean', description: 'whether a clock change moved it' },
        },
      },
      description: 'in order; fewer than asked for where the series ends',
    },
  },
} as const;

const occurrencesQuery: QueryInput<{ count?: number }> = {
  schema: { type: 'object', additionalProperties: false, properties: { count } },
  parse: (parameters) => parameters,
};

interface WrittenPreview {
  readonly rule: string;
  readonly due_date: string;
  readonly time_zone?: string | null;
  readonly count?: number;
}

const previewSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['rule', 'due_date'],
  properties: {
    rule: {
      type: 'string',
      maxLength: limits.rule,
      description: `an RFC 5545 rule, or ${recurrenceWords.join(', ')}`,
    },
    due_date: { type: 'string', maxLength: 19, description: 'a date, or a local date-time in time_zone' },
    time_zone: { type: ['string', 'null'], maxLength: 64, description: "an IANA zone; null: the user's own" },
    count,
  },
} as const;

const preview: BodyInput<WrittenPreview> = {
  schema: previewSchema,
  contentTypes: ['application/json'],
  required: true,
  parse: validator<WrittenPreview>(previewSchema),
  example: {
    rule: 'FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD',
    due_date: '2026-11-30T09:00',
    time_zone: 'Europe/Berlin',
    count: 3,
  },
};

/** What a rule gives, of a task and without one. */
export function recurrenceRoutes({ pool, clock }: Pick<GatewayContext, 'pool' | 'clock'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/tasks/{id}/occurrences',
      scope: 'tasks:read',
      operationId: 'listOccurrences',
      summary: 'What comes after this occurrence of a task',
      description:
        'The slots that the series would go on with, if this occurrence were done with now and each later one on its ' +
        'day. None for a task that does not recur.',
      query: occurrencesQuery,
      responses: { 200: jsonResponse('the next slots', occurrences) },
      errors: ['not_found'],
      async handle({ userId, params, query }) {
        const [row] = await readSeries(pool, [userId, readTaskId(params.id)]);
        if (!row) throw noSuchTask();
        const { anchor, floating, user_zone } = row;
        const state = { ...(JSON.parse(row.task) as Task), anchor, floating, origin: null };
        return answer(upcoming(state, clock.now().getTime(), user_zone, query.count ?? defaultCount));
      },
    }),
    route({
      method: 'post',
      path: '/v1/recurrence/preview',
      scope: 'tasks:read',
      operationId: 'previewRecurrence',
      summary: 'What a rule gives, without a task',
      description: 'The first is due_date itself where the rule meets it.',
      body: preview,
      responses: { 200: jsonResponse('the first slots', occurrences) },
      async handle({ userId, body }) {
        const { due_date, time_zone } = body;
        const zone = time_zone ?? (await readSettings(pool, [userId]))[0]?.time_zone ?? 'UTC';
        return answer(first(checkedRecurrence(body, zone), due_date, zone, body.count ?? defaultCount));
      },
    }),
  ];
}

function answer(found: readonly Slot[]): Answer {
  return { status: 200, body: JSON.stringify({ occurrences: found }) };
}

function first(recurrence: Recurrence, start: string, zone: string, most: number): Slot[] {
  const found: Slot[] = [];
  for (const slot of slots(recurrence, start, zone)) {
    found.push(slot);
    if (found.length === most) break;
  }
  return found;
}

/** @throws TodoError `invalid` that names every fault */
function checkedRecurrence({ rule, due_date }: WrittenPreview, zone: string): Recurrence {
  const faults: InputError[] = [];
  const fault = (pointer: string, detail: string | null): void => {
    if (detail !== null) faults.push({ pointer, detail });
  };
  const word = recurrenceWords.find((name) => name === rule);
  const recurrence: Recurrence = word ?? {
    rule: rule.toUpperCase().replace(/^RRULE:/, ''),
    basis: 'due_date',
    catch_up: 'next',
  };
  fault('/due_date', localDateFault(due_date));
  if (!isTimeZone(zone)) fault('/time_zone', 'is not a zone of the IANA database; write for example Europe/Berlin');
  fault(
    '/rule',
    faults.length > 0 ? recurrenceFault(recurrence, null, 'UTC') : recurrenceFault(recurrence, due_date, zone),
  );
  if (faults.length > 0) throw new TodoError('invalid', faultSummary(faults), faults);
  return recurrence;
}
