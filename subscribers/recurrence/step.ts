import type { CommittedEvent } from '../../domain/events/event.js';
import { occurrenceToFollow } from '../../domain/recurrence/series.js';
import { seriesStepSchema, type SeriesStep } from '../../domain/recurrence/series-step.js';
import { validator } from '../../domain/validation.js';

/** The step that an event asks for; null for most. */
export function stepOf(event: CommittedEvent): SeriesStep | null {
  const place = occurrenceToFollow(event);
  const { user_id, task_id, version, timestamp: created_at } = event;
  return place && { user_id, ...place, task_id, version, created_at };
}

/** What the actors answer who are asked for steps. */
export const stepsAnswer = validator<SeriesStep[]>({ type: 'array', items: seriesStepSchema });
