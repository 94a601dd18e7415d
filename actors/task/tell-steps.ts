import type { Pool } from 'pg';
import { validator } from '../../domain/validation.js';
import type { AppDoor } from '../../runtime/role.js';
import { readSteps, type SeriesStepRow } from './sql/series-steps.js';

const text = { type: 'string', minLength: 1 } as const;
const uuid = { type: 'string', format: 'uuid' } as const;
const count = { type: 'integer', minimum: 1 } as const;
const instant = { type: 'string', format: 'date-time' } as const;

const stepsRequest = validator<{ before: string; after: SeriesStepRow | null; limit: number }>({
  type: 'object',
  additionalProperties: false,
  required: ['before', 'after', 'limit'],
  properties: {
    before: instant,
    after: {
      anyOf: [
        { type: 'null' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['user_id', 'series_id', 'occurrence', 'task_id', 'version', 'created_at'],
          properties: {
            user_id: text,
            series_id: uuid,
            occurrence: count,
            task_id: uuid,
            version: count,
            created_at: instant,
          },
        },
      ],
    },
    limit: { ...count, maximum: 1000 },
  },
});

/** Tells the recurrence role which steps series have still to take. */
export function tellSteps(appDoor: AppDoor, pool: Pool): void {
  appDoor.method('series-steps', (body) => {
    const { before, after, limit } = stepsRequest(body);
    return readSteps(pool, before, after, limit);
  });
}
