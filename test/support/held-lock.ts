import pg from 'pg';
import { until } from './until.js';

/** A lock that a test holds in a database, so that whoever needs it stands still in the middle of its work. */
export class HeldLock {
  private released: Promise<void> | undefined;

  private constructor(private readonly client: pg.Client) {}

  /** Takes it. @param statement takes a lock of the transaction, such as SELECT … FOR UPDATE */
  static async take(databaseUrl: string, statement: string, values: unknown[] = []): Promise<HeldLock> {
    const client = new pg.Client({ connectionString: databaseUrl });
    client.on('error', () => undefined); // the next statement tells
    await client.connect();
    await client.query('BEGIN');
    await client.query(statement, values);
    return new HeldLock(client);
  }

  /** Resolves when statements of a program wait for a lock, so many at least. @param program its application_name */
  async hasWaiters(count = 1, program = 'todo-chatbot'): Promise<void> {
    await until(`${count} statements of ${program} wait for the lock`, async () => {
      await this.client.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await this.client.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE NOT granted AND locktype <> 'advisory' AND application_name = $1`,
        [program],
      );
      return (rows[0]?.waiting ?? 0) >= count;
    });
  }

  /** Again, it does nothing. */
  async release(): Promise<void> {
    await (this.released ??= this.client.end());
  }
}
