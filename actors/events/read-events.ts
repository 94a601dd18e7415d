import type { Pool } from 'pg';
import type { CommittedEvent, FactDetail, TaskEventType } from '../../domain/events/event.js';
import type { ActorKind } from '../../domain/task/commands.js';
import { toTask, type TaskState } from '../../domain/task/task.js';

interface EventRow {
  readonly user_id: string;
  readonly seq: number;
  readonly event_id: string;
  readonly task_id: string;
  readonly version: number;
  readonly type: TaskEventType;
  readonly actor: ActorKind;
  readonly occurred_at: Date;
  readonly before: TaskState | null;
  readonly after: TaskState | null;
  readonly detail: FactDetail | null;
}

/** A place in a user's order: the seq of the last event that is known. */
export interface Place {
  readonly user_id: string;
  readonly after: number;
}

/**
 * Reads one user's events after a place in that user's order.
 * @param limit the most events; the answer is in the order of `seq`, without gap
 */
export function readEvents(pool: Pool, userId: string, after: number, limit: number): Promise<CommittedEvent[]> {
  return readEventsOfUsers(pool, [{ user_id: userId, after }], limit);
}

/**
 * Reads the events of several users, of each after a place in the user's order.
 * @param limit the most events of each user; the answer has each user's in the order of `seq`, without gap
 */
export async function readEventsOfUsers(
  pool: Pool,
  places: readonly Place[],
  limit: number,
): Promise<CommittedEvent[]> {
  const { rows } = await pool.query<EventRow>({
    name: 'read-events',
    // The lookups are written such that each can only be one in an index, whatever the planner believes of the numbers.
    text: `
      SELECT e.*
      FROM unnest($1::text[], $2::bigint[]) AS place (user_id, after)
      CROSS JOIN LATERAL (
        SELECT e.user_id, e.seq, e.event_id, e.task_id, e.version, e.type, e.actor, e.occurred_at, e.detail,
          CASE WHEN e.detail IS NULL THEN e.task ELSE
            (SELECT c.task FROM events c
             WHERE c.user_id = e.user_id AND c.task_id = e.task_id AND c.version = e.version AND c.detail IS NULL)
          END AS after,
          CASE WHEN e.detail IS NULL THEN
            (SELECT b.task FROM events b
             WHERE b.user_id = e.user_id AND b.task_id = e.task_id AND b.version = e.version - 1 AND b.detail IS NULL)
          END AS before
        FROM events e
        WHERE e.user_id = place.user_id AND e.seq > place.after
        ORDER BY e.seq LIMIT $3
      ) e
      ORDER BY e.user_id, e.seq`,
    values: [places.map((place) => place.user_id), places.map((place) => place.after), limit],
  });
  return rows.map(({ occurred_at, before, after, detail, ...row }) => ({
    ...row,
    timestamp: occurred_at.toISOString(),
    before: before && toTask(before),
    after: after && toTask(after),
    ...(detail && { detail }),
  }));
}

/** A user and the seq of that user's last event. */
export interface UserSeq {
  readonly user_id: string;
  readonly seq: number;
}

/** The seqs of the users named; a user without events may not be in the answer. */
export async function readSeqsOfUsers(pool: Pool, userIds: readonly string[]): Promise<UserSeq[]> {
  const { rows } = await pool.query<UserSeq>({
    name: 'read-seqs-of-users',
    text: `SELECT user_id, seq FROM users WHERE user_id = ANY ($1)`,
    values: [userIds],
  });
  return rows;
}

/** All users in the order of their ids, a page at a time. */
export async function readUserSeqs(pool: Pool, afterUserId: string, limit: number): Promise<UserSeq[]> {
  const { rows } = await pool.query<UserSeq>({
    name: 'read-user-seqs',
    text: `
      SELECT user_id, seq FROM users
      WHERE user_id > $1 AND seq > 0 ORDER BY user_id LIMIT $2`,
    values: [afterUserId, limit],
  });
  return rows;
}
