import type { CommittedEvent, FactDetail, FactType, NewFact } from '../../domain/events/event.js';
import type { ActorKind } from '../../domain/task/commands.js';
import { toTask, type TaskState } from '../../domain/task/task.js';
import { isoTime } from '../../runtime/postgres/iso-time.js';
import type { Queryable } from '../../runtime/postgres/pool.js';

/** A fact about a task of some user, outside the commands of that task. */
export type FactOfTask = NewFact & {
  readonly user_id: string;
  readonly task_id: string;
  readonly actor: ActorKind;
  /** RFC 3339, UTC. */
  readonly timestamp: string;
};

export interface FactsParts {
  readonly pool: Queryable;
  /** Told of every event that was committed, right after its commit; each user's in the order of `seq`. */
  readonly committed: (event: CommittedEvent) => void;
}

/** Which facts to commit, as SQL: so that what they turn on is read when nobody else can change it any more. */
export interface FactsStatement {
  /** Whose facts it can be; their rows in `users` are locked first. */
  readonly userIds: readonly string[];
  /** What the SQL reads as `$1`, a jsonb. */
  readonly given: object;
  /** A SELECT of `user_id, event_id, task_id, type, actor, occurred_at, detail, number`; each user's by `number`. */
  readonly facts: string;
  /**
   * Further parts, `name AS (…)`: rows of the same users that change with the facts. They may read `written`: those facts
   * that are committed, as rows of `events`.
   */
  readonly also?: readonly string[];
}

interface Row {
  readonly user_id: string;
  readonly seq: number;
  readonly event_id: string;
  readonly task_id: string;
  readonly version: number;
  readonly type: FactType;
  readonly actor: ActorKind;
  readonly timestamp: string;
  readonly detail: FactDetail;
  readonly after: TaskState | null;
}

const givenFacts = `
  SELECT * FROM ROWS FROM (jsonb_to_recordset($1 -> 'facts')
    AS (user_id text, event_id uuid, task_id uuid, type text, actor text, timestamp timestamptz, detail jsonb))
    WITH ORDINALITY AS f (user_id, event_id, task_id, type, actor, occurred_at, detail, number)`;

/**
 * Commits facts of any number of users, and hands them on: those whose ids are not taken yet, each with the version that its
 * task has. A fact of a task that never was is left out. One call to the database; all of it is committed or nothing.
 * @param facts some hundreds at most: their users' other commits wait
 * @param also see {@link FactsStatement}
 * @returns what was committed, each user's in the order of `seq`
 */
export function commitFacts(
  parts: FactsParts,
  facts: readonly FactOfTask[],
  also: readonly string[] = [],
): Promise<CommittedEvent[]> {
  const userIds = facts.map(({ user_id }) => user_id);
  return commitFactsOf(parts, { userIds, given: { facts }, facts: givenFacts, also });
}

/** Likewise, with the facts that a SELECT finds. */
export async function commitFactsOf(
  { pool, committed }: FactsParts,
  { userIds, given, facts, also = [] }: FactsStatement,
): Promise<CommittedEvent[]> {
  if (userIds.length === 0) return [];
  const { rows } = await pool.query<{ row: Row }>({
    name: 'commit-facts',
    text: 'SELECT row FROM with_users_locked($1, $2, $3) AS row',
    values: [[...new Set(userIds)], statement(facts, also), JSON.stringify(given)],
  });
  const events = rows.map(({ row: { after, ...fact } }): CommittedEvent => ({
    ...fact,
    before: null,
    after: after && toTask(after),
  }));
  for (const event of events) committed(event);
  return events;
}

/** The task is read here, with its user locked, so that its version is the one that the fact's place in the order means. */
function statement(facts: string, also: readonly string[]): string {
  return `
    WITH asked AS MATERIALIZED (${facts}),
    fact AS MATERIALIZED (
      SELECT a.*, task.version, task.task, row_number() OVER (PARTITION BY user_id ORDER BY number) AS place
      FROM (SELECT DISTINCT ON (user_id, event_id) * FROM asked ORDER BY user_id, event_id, number) a
      CROSS JOIN LATERAL (
        SELECT version, task FROM events e
        WHERE e.user_id = a.user_id AND e.task_id = a.task_id AND e.detail IS NULL ORDER BY version DESC LIMIT 1
      ) task
      WHERE NOT EXISTS (
        SELECT FROM events e WHERE e.user_id = a.user_id AND e.event_id = a.event_id AND e.detail IS NOT NULL
      )
    ), place AS (
      UPDATE users u SET seq = u.seq + counted.count
      FROM (SELECT user_id, count(*) FROM fact GROUP BY user_id) counted
      WHERE u.user_id = counted.user_id
      RETURNING u.user_id, u.seq - counted.count AS seq
    ), written AS (
      INSERT INTO events (user_id, seq, event_id, task_id, version, type, actor, occurred_at, detail)
      SELECT user_id, place.seq + fact.place, event_id, task_id, version, type, actor, occurred_at, detail
      FROM fact JOIN place USING (user_id)
      RETURNING *
    )${also.map((part) => `, ${part}`).join('')}
    SELECT jsonb_build_object('user_id', user_id, 'seq', w.seq, 'event_id', event_id, 'task_id', w.task_id,
      'version', w.version, 'type', w.type, 'actor', w.actor, 'detail', w.detail, 'after', fact.task,
      'timestamp', ${isoTime('w.occurred_at')})
    FROM written w JOIN fact USING (user_id, event_id)
    ORDER BY user_id, w.seq`;
}
