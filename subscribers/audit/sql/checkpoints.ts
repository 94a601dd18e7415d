import type { Queryable } from '../../../runtime/postgres/pool.js';
import type { SignedCheckpoint } from '../checkpoints/checkpoint.js';

/** Has no other transaction of this kind add a checkpoint until this one ends: each builds on the last. */
export async function lockCheckpoints(on: Queryable): Promise<void> {
  await on.query(`SELECT pg_advisory_xact_lock(hashtextextended('todo-chatbot audit checkpoints', 0))`);
}

export async function readLastCheckpoint(on: Queryable): Promise<SignedCheckpoint | null> {
  const { rows } = await on.query<SignedCheckpoint>({
    name: 'read-last-checkpoint',
    text: 'SELECT number, body, signature FROM audit_checkpoints ORDER BY number DESC LIMIT 1',
  });
  return rows[0] ?? null;
}

export async function insertCheckpoint(on: Queryable, { number, body, signature }: SignedCheckpoint): Promise<void> {
  await on.query({
    name: 'insert-checkpoint',
    text: 'INSERT INTO audit_checkpoints (number, body, signature) VALUES ($1, $2, $3)',
    values: [number, body, signature],
  });
}

/** The first checkpoint after a number. */
export async function readNextCheckpoint(on: Queryable, after: number): Promise<SignedCheckpoint | null> {
  const { rows } = await on.query<SignedCheckpoint>({
    name: 'read-next-checkpoint',
    text: 'SELECT number, body, signature FROM audit_checkpoints WHERE number > $1 ORDER BY number LIMIT 1',
    values: [after],
  });
  return rows[0] ?? null;
}
