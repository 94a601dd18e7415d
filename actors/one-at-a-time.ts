import type { Pool } from 'pg';

/**
 * Does work that only one process on the database does at a time.
 * @param name of the work
 * @returns false when another process is at it: nothing was done then
 */
export async function oneAtATime(pool: Pool, name: string, work: () => Promise<void>): Promise<boolean> {
  const client = await pool.connect();
  const key = [`todo-chatbot ${name}`];
  let isBroken = true;
  try {
    const { rows } = await client.query<{ got: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS got',
      key,
    );
    const got = rows[0]?.got === true;
    if (got) {
      await work();
      await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', key);
    }
    isBroken = false;
    return got;
  } finally {
    // The lock ends with its connection: one that may still hold it is not used again.
    client.release(isBroken);
  }
}
