import type { CommittedEvent } from '../../domain/events/event.js';
import { occurrenceToFollow } from '../../domain/recurrence/series.js';
import { validator } from '../../domain/validation.js';

/** A step that a series has to take: what happened to one of its occurrences, and the next one does not know of yet. */
export interface Step {
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

/** The step that an event asks for; null for most. */
export function stepOf(event: CommittedEvent): Step | null {
  const place = occurrenceToFollow(event);
  const { user_id, task_id, version, timestamp: created_at } = event;
  return place && { user_id, ...place, task_id, version, created_at };
}

const text = { type: 'string', minLength: 1 } as const;
const count = { type: 'integer', minimum: 1 } as const;

/** What the actors answer who are asked for steps. */
export const stepsAnswer = validator<Step[]>({
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['user_id', 'series_id', 'occurrence', 'task_id', 'version', 'created_at'],
    properties: {
      user_id: text,
      series_id: text,
      occurrence: count,
      task_id: text,
      version: count,
      created_at: text,
    },
  },
});
