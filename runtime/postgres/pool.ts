import pg from 'pg';
import type { Logger } from 'pino';

export interface PoolOptions {
  /** Connections at most. */
  readonly max: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly log: Logger;
  /** A statement that runs longer is cancelled (57014), in milliseconds. Default 10 s. */
  readonly statementTimeoutMs?: number;
  /** Waiting for a connection, a new or a free one, takes at most this long, in milliseconds. Default 5 s. */
  readonly connectTimeoutMs?: number;
}

/** How much longer than its time-out a statement may take until the server has said so, in milliseconds. */
const graceMs = 2_000;

/** A pool, or one of its clients within a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

/**
 * Connections to the database, opened on need. `bigint` (int8: our sequence numbers and counts) comes as a number. A broken
 * connection fails what runs on it and is replaced; it never ends the process.
 */
export function createPool(url: string, options: PoolOptions): pg.Pool {
  const { max, applicationName, log, statementTimeoutMs = 10_000, connectTimeoutMs = 5_000 } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: applicationName,
    statement_timeout: statementTimeoutMs,
    // When not even the cancellation comes back: the server stands still, or the way to it is cut.
    query_timeout: statementTimeoutMs + graceMs,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    types,
  });
  pool.on('error', (err) => log.warn({ err }, 'an idle database connection broke'));
  // A client that is out of the pool has no listener of the pool's: without one of its own an error would end the process.
  pool.on('connect', (client) => client.on('error', (err) => log.debug({ err }, 'a database connection broke')));
  return pool;
}

/** The oid of bigint in pg_type. */
const int8 = 20;

const types = new pg.TypeOverrides();
types.setTypeParser(int8, parseSafeInteger);

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is too large for a number`);
  return value;
}

/**
 * A statement that is parsed and planned once for each connection.
 * @param name its name on the connection, unique in the program
 * @param text its SQL, with $1, $2, … for the values
 * @returns runs it and gives its rows; a row's type is what the SQL selects
 */
export function prepared<Row extends pg.QueryResultRow>(
  name: string,
  text: string,
): (on: Queryable, values: unknown[]) => Promise<Row[]> {
  return async (on, values) => (await on.query<Row>({ name, text, values })).rows;
}
