import pg, { type Pool } from 'pg';
import type { Logger } from 'pino';
import type { Queryable } from '../../runtime/postgres/pool.js';

/** The log's tables, with no more rights than each kind of work needs; see migration 0003. */
export interface AuditAccess {
  /** Connections of the writer: it sees the rows of all users, may append, and may change nothing. */
  readonly writer: Pool;
  /** Work for one user, in one transaction: it sees that user's rows, whatever it asks for, and writes nothing. */
  read<T>(userId: string, work: (on: Queryable) => Promise<T>): Promise<T>;
  /** Closes the writer's connections. */
  close(): Promise<void>;
}

/** The log is written in one place and one batch at a time; the other is for checkpoints. */
const writerConnections = 2;

/**
 * Opens the log's tables. The roles `todo_audit_writer` and `todo_audit_reader` are made where they are missing; where the
 * login may not do that, a warning says what an administrator can do, and row-level security, the triggers and the
 * rights that the owner has given up guard the log without them.
 */
export async function openAuditAccess(pool: Pool, log: Logger): Promise<AuditAccess> {
  const { rows } = await pool.query<{ problem: string | null; login: string }>(
    'SELECT set_up_audit_roles() AS problem, current_user AS login',
  );
  const { problem = null, login = '' } = rows[0] ?? {};
  if (problem !== null) {
    log.warn(
      `the audit log is kept without database roles of its own (${problem}). To have them, let an administrator run: ` +
        'CREATE ROLE todo_audit_writer NOLOGIN; CREATE ROLE todo_audit_reader NOLOGIN; ' +
        `GRANT todo_audit_writer, todo_audit_reader TO "${login}"; and start again`,
    );
  }
  const hasRoles = problem === null;
  // A role of its own for the whole connection costs an append nothing; a transaction for it would cost two round trips.
  const writer = new pg.Pool({
    ...pool.options,
    max: writerConnections,
    idleTimeoutMillis: 0,
    verify: (client, done) => {
      const as = hasRoles ? 'SET ROLE todo_audit_writer' : `SET todo.audit TO 'keeper'`;
      // What the writer asks has one good plan; to plan it again for each batch would double the cost of small ones.
      client.query(`${as}; SET plan_cache_mode TO force_generic_plan`).then(() => done(), done);
    },
  });
  writer.on('error', (err) => log.warn({ err }, 'an idle database connection of the audit log broke'));
  writer.on('connect', (client) => client.on('error', (err) => log.debug({ err }, 'a database connection broke')));
  return {
    writer,
    close: () => writer.end(),
    read: (userId, work) =>
      inTransaction(pool, async (on) => {
        await on.query(`BEGIN READ ONLY${hasRoles ? '; SET LOCAL ROLE todo_audit_reader' : ''}`);
        await on.query({
          name: 'read-audit-of-user',
          text: `SELECT set_config('todo.user_id', $1, true)`,
          values: [userId],
        });
        return await work(on);
      }),
  };
}

/**
 * Work of the owner on the rows of all users, in one transaction: for the commands that verify the log and forget a user.
 * @param mode what `BEGIN` says of the transaction
 */
export function asKeeper<T>(pool: Pool, mode: string, work: (on: Queryable) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (on) => {
    await on.query(`BEGIN ${mode}; SET LOCAL todo.audit TO 'keeper'`);
    return await work(on);
  });
}

/** @param work begins the transaction itself */
export async function inTransaction<T>(pool: Pool, work: (on: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    await client.query('ROLLBACK').then(
      () => client.release(),
      (broken: unknown) => client.release(broken instanceof Error ? broken : true),
    );
    throw error;
  }
}
