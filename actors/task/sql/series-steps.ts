import type { Pool } from 'pg';
import type { TaskEventType } from '../../../domain/events/event.js';
import { endedFact, type StepAhead } from '../../../domain/recurrence/series.js';
import type { SeriesStep } from '../../../domain/recurrence/series-step.js';
import type { ActorKind } from '../../../domain/task/commands.js';
import type { TaskState } from '../../../domain/task/task.js';
import { commitFactsOf, type FactsParts } from '../../facts/commit-facts.js';
import { stateOf } from './read-task.js';

/** What a step is taken by. */
export type TakenStep = Omit<SeriesStep, 'created_at'>;

/** A step as it stands in the database. */
export interface FoundStep extends StepAhead {
  readonly task_id: string;
  /** Of the event that asks for it; another event puts another in its place. */
  readonly version: number;
  /** The next occurrence as it is; null when it is deleted or never was. */
  readonly next: TaskState | null;
}

interface Row {
  readonly task_id: string;
  readonly version: number;
  readonly occurred_at: Date;
  readonly task: TaskState;
  readonly is_open: boolean;
  readonly next_version: number | null;
  readonly next_type: TaskEventType;
  readonly next_actor: ActorKind;
  readonly next: TaskState | null;
}

/**
 * Reads what there is to know for a step, in one statement.
 * @param nextId the id of the next occurrence
 * @returns null when the series has taken it
 */
export async function readStep(
  pool: Pool,
  userId: string,
  { series_id, occurrence }: { readonly series_id: string; readonly occurrence: number },
  nextId: string,
): Promise<FoundStep | null> {
  const { rows } = await pool.query<Row>({
    name: 'read-series-step',
    text: `
      SELECT s.task_id, s.version, e.occurred_at, ${stateOf('coalesce(e.task, b.task)')} AS task,
        coalesce(e.task ->> 'status' = 'open', false) AS is_open,
        n.version AS next_version, n.type AS next_type, n.actor AS next_actor, ${stateOf('n.task')} AS next
      FROM series_steps s
      JOIN events e ON e.user_id = s.user_id AND e.task_id = s.task_id AND e.version = s.version AND e.detail IS NULL
      LEFT JOIN events b ON e.task IS NULL AND b.user_id = s.user_id AND b.task_id = s.task_id
        AND b.version = s.version - 1 AND b.detail IS NULL
      LEFT JOIN LATERAL (
        SELECT version, type, actor, task FROM events
        WHERE user_id = $1 AND task_id = $4 AND detail IS NULL ORDER BY version DESC LIMIT 1
      ) n ON true
      WHERE s.user_id = $1 AND s.series_id = $2 AND s.occurrence = $3`,
    values: [userId, series_id, occurrence, nextId],
  });
  const [row] = rows;
  if (!row) return null;
  const { task_id, version, task, next_version, next_type, next_actor, next } = row;
  return {
    task_id,
    version,
    task,
    isOpenAgain: row.is_open,
    at: row.occurred_at.toISOString(),
    successor: next_version === null ? null : { version: next_version, type: next_type, actor: next_actor },
    next,
  };
}

/** Takes a step away that needs nothing to be done, unless another event has put another in its place. */
export async function removeStep(pool: Pool, { user_id, series_id, occurrence, version }: TakenStep): Promise<void> {
  await pool.query({
    name: 'remove-series-step',
    text: `DELETE FROM series_steps WHERE user_id = $1 AND series_id = $2 AND occurrence = $3 AND version = $4`,
    values: [user_id, series_id, occurrence, version],
  });
}

const isTaken = `
  s.user_id = $1 ->> 'user_id' AND s.series_id = ($1 ->> 'series_id')::uuid
  AND s.occurrence = ($1 ->> 'occurrence')::int AND s.version = ($1 ->> 'version')::int`;

/**
 * Takes a step that leads nowhere, and commits that the series has ended with it; neither of them where another event has
 * put another step in its place.
 * @param timestamp RFC 3339, UTC
 */
export async function endSeries(parts: FactsParts, step: TakenStep, timestamp: string): Promise<void> {
  const { event_id, detail } = endedFact(step);
  await commitFactsOf(parts, {
    userIds: [step.user_id],
    given: { ...step, event_id, detail, timestamp },
    facts: `
      SELECT s.user_id, ($1 ->> 'event_id')::uuid AS event_id, s.task_id, 'SERIES_ENDED' AS type, 'recurrence' AS actor,
        ($1 ->> 'timestamp')::timestamptz AS occurred_at, $1 -> 'detail' AS detail, 1 AS number
      FROM series_steps s WHERE ${isTaken}`,
    also: [`taken AS (DELETE FROM series_steps s WHERE ${isTaken})`],
  });
}

/**
 * The steps that are still to be taken, the oldest first.
 * @param before those that were asked for before then, RFC 3339
 * @param after goes on after this one
 */
export async function readSteps(
  pool: Pool,
  before: string,
  after: SeriesStep | null,
  limit: number,
): Promise<SeriesStep[]> {
  const { rows } = await pool.query<Omit<SeriesStep, 'created_at'> & { created_at: Date }>({
    name: 'read-series-steps',
    text: `
      SELECT user_id, series_id, occurrence, task_id, version, created_at FROM series_steps
      WHERE created_at <= $1 AND ($2::timestamptz IS NULL OR (created_at, user_id, series_id, occurrence) > ($2, $3, $4, $5))
      ORDER BY created_at, user_id, series_id, occurrence LIMIT $6`,
    values: [before, after?.created_at ?? null, after?.user_id, after?.series_id, after?.occurrence, limit],
  });
  return rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() }));
}
