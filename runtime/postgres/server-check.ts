import pg from 'pg';
import { OperatorError } from '../operator-error.js';

/** The database of DATABASE_URL cannot be used. The message says why, what to do, and never the password. */
export class DatabaseError extends OperatorError {
  override readonly name = 'DatabaseError';
}

const oldestVersion = 14;
const answerWithinMs = 10_000;

/**
 * Checks that the server of DATABASE_URL answers, lets us in, and is one that this program works with.
 * @throws DatabaseError otherwise
 */
export async function checkServer(url: string): Promise<void> {
  const where = withoutPassword(url);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: answerWithinMs });
  client.on('error', () => undefined); // what is asked next fails with it
  let problem: string | undefined;
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; encoding: string }>(
      `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding`,
    );
    problem = whyUnsuitable(Number(rows[0]?.version), String(rows[0]?.encoding));
  } catch (cause) {
    throw new DatabaseError(`DATABASE_URL ${where}: ${explain(cause)}`, { cause });
  } finally {
    await client.end().catch(() => undefined);
  }
  if (problem !== undefined) throw new DatabaseError(`DATABASE_URL ${where}: ${problem}`);
}

/** @param versionNumber PostgreSQL's `server_version_num`, such as 140011 for 14.11 */
export function whyUnsuitable(versionNumber: number, encoding: string): string | undefined {
  const version = Math.floor(versionNumber / 10_000);
  if (version < oldestVersion) return `this is PostgreSQL ${version}; ${oldestVersion} or newer is needed`;
  if (encoding === 'UTF8') return undefined;
  return `the database is encoded in ${encoding}; make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`;
}

/** The URL as it may be shown. */
export function withoutPassword(url: string): string {
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username && `${username}@`}${host}${pathname}`;
}

/** Class codes: PostgreSQL's appendix A; system errors: errno(3). */
function explain(error: unknown): string {
  const { code, message } = codeAndMessage(error);
  switch (code) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'EHOSTUNREACH':
    case 'ETIMEDOUT':
      return `no server answers there (${message}). Is it running, and are host and port right?`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `its host name is not known (${message})`;
    case '28P01':
    case '28000':
      return `the server does not let this user in (${message}). Are user and password right?`;
    case '3D000':
      return `${message}. Make it with CREATE DATABASE`;
    case '57P03':
      return `the server is starting up or stopping (${message}). Try again in a moment`;
    default:
      return message;
  }
}

function codeAndMessage(error: unknown): { code?: string; message: string } {
  // Node tries all addresses of a name, and gives an error for each of them.
  if (error instanceof AggregateError && error.errors.length > 0) return codeAndMessage(error.errors[0]);
  if (!(error instanceof Error)) return { message: String(error) };
  return 'code' in error ? { code: String(error.code), message: error.message } : { message: error.message };
}
