import type { Pool } from 'pg';
import { seriesStepSchema, type SeriesStep } from '../../domain/recurrence/series-step.js';
import { validator } from '../../domain/validation.js';
import type { AppDoor } from '../../runtime/role.js';
import { readSteps } from './sql/series-steps.js';

const stepsRequest = validator<{ before: string; after: SeriesStep | null; limit: number }>({
  type: 'object',
  additionalProperties: false,
  required: ['before', 'after', 'limit'],
  properties: {
    before: { type: 'string', format: 'date-time' },
    after: { anyOf: [{ type: 'null' }, seriesStepSchema] },
    limit: { type: 'integer', minimum: 1, maximum: 1000 },
  },
});

/** Tells the recurrence role which steps series have still to take. */
export function tellSteps(appDoor: AppDoor, pool: Pool): void {
  appDoor.method('series-steps', (body) => {
    const { before, after, limit } = stepsRequest(body);
    return readSteps(pool, before, after, limit);
  });
}
