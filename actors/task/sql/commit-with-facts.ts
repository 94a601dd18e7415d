import type { NewFact } from '../../../domain/events/event.js';
import type { Consequences } from '../../../domain/task/consequences.js';
import type { Queryable } from '../../../runtime/postgres/pool.js';
import { statementParts, valuesOf, type Commit } from './commit-event.js';

/** What a commit with consequences came to. */
export interface CommittedWithFacts {
  /** Of the change. */
  readonly seq: number;
  /** Those that were committed; they have the next places after the change, in this order. */
  readonly facts: readonly NewFact[];
}

const { entries, taskRow, noTaskRow, nextParameter } = statementParts;

// Which facts hold is read before the user is locked. Between the two, another commit can only have made a reminder due
// or taken a fact's id (the task itself is fenced by its version): the statement fails then, and is decided anew. So it is
// when the step that it takes was taken, or is asked for by another event by now.
const withFacts = (task: string, parameter: number): string => `
  WITH fact AS MATERIALIZED (
    SELECT f.event_id, f.type, f.detail, f.index, row_number() OVER (ORDER BY f.index) AS number
    FROM ROWS FROM (jsonb_to_recordset($${parameter}::jsonb -> 'facts') AS (event_id uuid, type text, detail jsonb))
      WITH ORDINALITY AS f (event_id, type, detail, index)
    LEFT JOIN reminders r ON f.type LIKE 'REMINDER_%' AND r.user_id = $1
      AND r.reminder_id = (f.detail ->> 'reminder_id')::uuid
    WHERE CASE f.type WHEN 'REMINDER_SCHEDULED' THEN coalesce(r.status, 'cancelled') = 'cancelled'
        WHEN 'REMINDER_CANCELLED' THEN coalesce(r.status, '') = 'pending' ELSE true END
      AND NOT EXISTS (SELECT FROM events e WHERE e.user_id = $1 AND e.event_id = f.event_id AND e.detail IS NOT NULL)
  ), place AS (
    INSERT INTO users AS u (user_id, seq) SELECT $1, 1 + count(*) FROM fact
    ON CONFLICT (user_id) DO UPDATE SET seq = u.seq + excluded.seq
      WHERE $10::text IS NULL OR u.time_zone = $10
    RETURNING u.seq - (SELECT count(*) FROM fact) AS seq
  ),${entries},${task}, facts AS (
    INSERT INTO events (user_id, seq, event_id, task_id, version, type, actor, occurred_at, detail)
    SELECT $1, place.seq + number, event_id, $3, $4, type, $6, $7, detail FROM place, fact
  ), scheduled AS (
    INSERT INTO reminders AS r (user_id, reminder_id, task_id, occurrence, due_at, reminder, status)
    SELECT $1, (detail ->> 'reminder_id')::uuid, $3, (detail ->> 'occurrence')::int, (detail ->> 'due_at')::timestamptz,
      detail -> 'reminder', 'pending'
    FROM place, fact WHERE type = 'REMINDER_SCHEDULED'
    ON CONFLICT (user_id, reminder_id) DO UPDATE SET status = 'pending' WHERE r.status = 'cancelled'
    RETURNING 1
  ), cancelled AS (
    UPDATE reminders r SET status = 'cancelled' FROM place, fact
    WHERE fact.type = 'REMINDER_CANCELLED' AND r.user_id = $1 AND r.reminder_id = (fact.detail ->> 'reminder_id')::uuid
      AND r.status = 'pending'
    RETURNING 1
  ), step AS (
    SELECT (s ->> 'series_id')::uuid AS series_id, (s ->> 'occurrence')::int AS occurrence, s ->> 'kind' AS kind,
      (s ->> 'version')::int AS version
    FROM place, jsonb_array_elements($${parameter}::jsonb -> 'steps') s
  ), made AS (
    INSERT INTO series_steps AS s (user_id, series_id, occurrence, task_id, version, created_at)
    SELECT $1, series_id, occurrence, $3, $4, $7 FROM step WHERE kind = 'made'
    ON CONFLICT (user_id, series_id, occurrence) DO UPDATE
      SET task_id = excluded.task_id, version = excluded.version, created_at = excluded.created_at
  ), taken AS (
    DELETE FROM series_steps s USING step
    WHERE step.kind = 'taken' AND s.user_id = $1 AND s.series_id = step.series_id AND s.occurrence = step.occurrence
      AND s.version = step.version
    RETURNING 1
  )
  SELECT seq / CASE WHEN
      (SELECT count(*) FROM fact WHERE type IN ('REMINDER_SCHEDULED', 'REMINDER_CANCELLED'))
      = (SELECT count(*) FROM scheduled) + (SELECT count(*) FROM cancelled)
      AND (SELECT count(*) FROM step WHERE kind = 'taken') = (SELECT count(*) FROM taken) THEN 1 ELSE 0 END AS seq,
    (SELECT coalesce(array_agg(index::int - 1 ORDER BY number), '{}') FROM fact) AS facts
  FROM place`;

const commitTask = { name: 'commit-task-with-facts', text: withFacts(taskRow, nextParameter.taskRow) };
const commitDeletion = { name: 'commit-deletion-with-facts', text: withFacts(noTaskRow, nextParameter.noTaskRow) };

/**
 * Commits one event as `commitEvent` does, and its consequences with it in the same statement.
 * @returns null likewise
 * @throws what `commitEvent` throws; and an error of which {@link isOvertaken} is true
 */
export async function commitWithFacts(
  on: Queryable,
  commit: Commit,
  { facts, step }: Consequences,
): Promise<CommittedWithFacts | null> {
  const statement = commit.after ? commitTask : commitDeletion;
  const extras = JSON.stringify({ facts, steps: step ? [step] : [] });
  const { rows } = await on.query<{ seq: number; facts: number[] }>({
    ...statement,
    values: [...valuesOf(commit), extras],
  });
  const [row] = rows;
  return row ? { seq: row.seq, facts: facts.filter((_, index) => row.facts.includes(index)) } : null;
}

/** True when what was to be committed with a change turned out to be out of date: nothing was written. */
export function isOvertaken(error: unknown): boolean {
  const divisionByZero = '22012';
  return error instanceof Error && 'code' in error && error.code === divisionByZero;
}
