/** A step that a series has to take: what happened to one of its occurrences, and the next one does not know of yet. */
export interface SeriesStep {
  readonly user_id: string;
  readonly series_id: string;
  /** Of the task to which it happened; the step leads to the next one. */
  readonly occurrence: number;
  readonly task_id: string;
  /** Of the task, by what happened to it. */
  readonly version: number;
  /** When that was: RFC 3339, UTC. */
  readonly created_at: string;
}

const uuid = { type: 'string', format: 'uuid' } as const;
const count = { type: 'integer', minimum: 1 } as const;

/** As roles tell each other of it. */
export const seriesStepSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['user_id', 'series_id', 'occurrence', 'task_id', 'version', 'created_at'],
  properties: {
    user_id: { type: 'string', minLength: 1 },
    series_id: uuid,
    occurrence: count,
    task_id: uuid,
    version: count,
    created_at: { type: 'string', format: 'date-time' },
  },
} as const;
