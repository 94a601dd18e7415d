import type { ActorKind } from '../../../domain/task/commands.js';
import { dueAt } from '../../../domain/task/due-at.js';
import { priorities, type TaskState } from '../../../domain/task/task.js';
import { searchWords } from '../../../domain/task/words.js';
import type { ChangeType } from '../../../domain/events/event.js';
import type { Queryable } from '../../../runtime/postgres/pool.js';

/** One event on its way into the database, and the task it leaves behind. */
export interface Commit {
  readonly userId: string;
  readonly taskId: string;
  readonly eventId: string;
  readonly type: ChangeType;
  readonly actor: ActorKind;
  readonly timestamp: string;
  /** The version that the event makes; the fence. */
  readonly version: number;
  readonly before: TaskState | null;
  readonly after: TaskState | null;
  /** The user's own zone where the decision relied on it. */
  readonly assumedZone: string | null;
  readonly idempotency: { readonly key: string; readonly request_hash: string } | null;
}

// The user's row is locked first, so all commits of one user come one after the other and `seq` has no gap: a
// statement that fails takes its number back. The task's row is written in the same statement; a conflict on
// (user_id, task_id, version) or on the idempotency key undoes all of it.
const place = `
  place AS (
    INSERT INTO users AS u (user_id, seq) VALUES ($1, 1)
    ON CONFLICT (user_id) DO UPDATE SET seq = u.seq + 1
      WHERE $10::text IS NULL OR u.time_zone = $10
    RETURNING u.seq
  )`;

const entries = `
  event AS (
    INSERT INTO events (user_id, seq, event_id, task_id, version, type, actor, occurred_at, task)
    SELECT $1, seq, $2, $3, $4, $5, $6, $7, $8 FROM place
  ), answer AS (
    INSERT INTO idempotency_keys (user_id, key, request_hash, task_id, version, created_at)
    SELECT $1, $9, $11, $3, $4, $7 FROM place WHERE $9::text IS NOT NULL
  )`;

const columns = [
  'title',
  'description',
  'status',
  'priority',
  'tags',
  'due_date',
  'time_zone',
  'floating',
  'due_at',
  'recurrence',
  'series_id',
  'occurrence',
  'occurrence_date',
  'reminders',
  'origin',
  'created_at',
  'completed_at',
  'series_anchor',
] as const;

const firstColumn = 12;
const wordsParameter = `$${firstColumn + columns.length}::text[]`;

const taskRow = `
  task AS (
    INSERT INTO tasks AS t (user_id, id, version, updated_at, words, ${columns.join(', ')})
    SELECT $1, $3, $4, $7, coalesce(${wordsParameter}, '{}'),
      ${columns.map((_, index) => `$${firstColumn + index}`).join(', ')}
    FROM place
    ON CONFLICT (user_id, id) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at,
      words = coalesce(${wordsParameter}, t.words),
      ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
  )`;

const noTaskRow = `
  task AS (
    DELETE FROM tasks USING place WHERE tasks.user_id = $1 AND tasks.id = $3
  )`;

/** The parts of the statement, for one that commits more than this; `place` gives the change's seq, as a row or none. */
export const statementParts = {
  entries,
  taskRow,
  noTaskRow,
  /** The number of the first parameter after those of {@link valuesOf}. */
  nextParameter: { taskRow: firstColumn + columns.length + 1, noTaskRow: firstColumn },
} as const;

const commitTask = { name: 'commit-task', text: `WITH ${place},${entries},${taskRow} SELECT seq FROM place` };
const commitDeletion = { name: 'commit-deletion', text: `WITH ${place},${entries},${noTaskRow} SELECT seq FROM place` };

/**
 * Commits one event, the task's row, the idempotency record and the user's next `seq` in one statement.
 * @returns the `seq`, or null when the user's zone is not the assumed one: nothing is written then
 * @throws pg's unique violation (see {@link violatedConstraint}) when the version or the key is taken
 */
export async function commitEvent(on: Queryable, commit: Commit): Promise<number | null> {
  const statement = commit.after ? commitTask : commitDeletion;
  const { rows } = await on.query<{ seq: number }>({ ...statement, values: valuesOf(commit) });
  return rows[0]?.seq ?? null;
}

/** The parameters of a commit's statement: of the event, and of the task's row if there is to be one. */
export function valuesOf(commit: Commit): unknown[] {
  const { after } = commit;
  const shared = [
    commit.userId,
    commit.eventId,
    commit.taskId,
    commit.version,
    commit.type,
    commit.actor,
    commit.timestamp,
    after && JSON.stringify(after),
    commit.idempotency?.key ?? null,
    commit.assumedZone,
    commit.idempotency?.request_hash ?? null,
  ];
  return after ? [...shared, ...rowOf(after), wordsOf(commit)] : shared;
}

function rowOf(task: TaskState): unknown[] {
  return [
    task.title,
    task.description,
    task.status,
    priorities.indexOf(task.priority),
    task.tags,
    task.due_date,
    task.time_zone,
    task.floating,
    dueAt(task),
    task.recurrence && JSON.stringify(task.recurrence),
    task.series_id,
    task.occurrence,
    task.occurrence_date,
    JSON.stringify(task.reminders),
    task.origin && JSON.stringify(task.origin),
    task.created_at,
    task.completed_at,
    task.anchor && JSON.stringify(task.anchor),
  ];
}

/** null: the words are what they were. */
function wordsOf({ before, after }: Commit): string[] | null {
  if (!after) return null;
  const same = before?.title === after.title && before.description === after.description && before.tags === after.tags;
  return same ? null : searchWords(after);
}

/** The name of the constraint that a statement violated, when that is why it failed. */
export function violatedConstraint(error: unknown): string | undefined {
  const isUniqueViolation = error instanceof Error && 'code' in error && error.code === '23505';
  return isUniqueViolation && 'constraint' in error ? String(error.constraint) : undefined;
}
