import { TodoError } from '../../domain/errors.js';

// PostgreSQL's error classes (its documentation, appendix A) that say nothing about the statement: connection (08),
// operator intervention such as a shutdown or a statement time-out (57), insufficient resources (53), and a
// transaction that must be repeated (40).
const passing = /^(?:08|57|53|40)/;
const socketCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
// What pg throws without a code when its connection breaks or cannot be had in time.
const brokenConnection =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error/i;

/** True when the database, not the statement, is why something failed: the same again may succeed later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (code !== '') return socketCodes.has(code) || (code.length === 5 && passing.test(code));
  return brokenConnection.test(error.message);
}

/** Gives a failure of the database its place in the error table; anything else comes back as it is. */
export function asUnavailable(error: unknown): unknown {
  return isDatabaseUnavailable(error)
    ? new TodoError('unavailable', 'The database does not answer at the moment; try again shortly.', [], {
        cause: error,
      })
    : error;
}
