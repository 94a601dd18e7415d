import type { Pool } from 'pg';
import type { CommittedEvent, TaskEventType } from '../../domain/events/event.js';
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
}

/**
 * Reads one user's events after a place in that user's order.
 * @param limit the most events; the answer is in the order of `seq`, without gap
 */
export async function readEvents(
  pool: Pool,
  userId: string,
  afterSeq: number,
  limit: number,
): Promise<CommittedEvent[]> {
  const { rows } = await pool.query<EventRow>({
    name: 'read-events',
    text: `
      SELECT e.user_id, e.seq, e.event_id, e.task_id, e.version, e.type, e.actor, e.occurred_at,
        b.task AS before, e.task AS after
      FROM events e
      LEFT JOIN events b ON b.user_id = e.user_id AND b.task_id = e.task_id AND b.version = e.version - 1
      WHERE e.user_id = $1 AND e.seq > $2
      ORDER BY e.seq LIMIT $3`,
    values: [userId, afterSeq, limit],
  });
  return rows.map(({ occurred_at, before, after, ...row }) => ({
    ...row,
    timestamp: occurred_at.toISOString(),
    before: before && toTask(before),
    after: after && toTask(after),
  }));
}

/** A user and the seq of that user's last event. */
export interface UserSeq {
  readonly user_id: string;
  readonly seq: number;
}

/** The seq of a user's last event; 0 before the first. */
export async function readUserSeq(pool: Pool, userId: string): Promise<number> {
  const { rows } = await pool.query<UserSeq>({
    name: 'read-user-seq',
    text: `SELECT seq FROM users WHERE user_id = $1`,
    values: [userId],
  });
  return rows[0]?.seq ?? 0;
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
