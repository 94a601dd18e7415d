/**
 * Every error of the system, in one table. REST, WebSocket, MCP, actors and subscribers render it; nothing else
 * invents a status or a title.
 *
 * `retry` says what a subscriber or client may do: `retry` the same request later can succeed; `drop` it never will.
 */
interface ErrorRow {
  readonly status: number;
  readonly title: string;
  readonly retry: 'retry' | 'drop';
}

export const errorTable = {
  unreadable: { status: 400, title: 'The request could not be read', retry: 'drop' },
  unauthorized: { status: 401, title: 'A valid bearer token is needed', retry: 'drop' },
  insufficient_scope: { status: 403, title: 'The token does not allow this', retry: 'drop' },
  not_found: { status: 404, title: 'Not found', retry: 'drop' },
  method_not_allowed: { status: 405, title: 'Method not allowed', retry: 'drop' },
  not_acceptable: { status: 406, title: 'Not acceptable', retry: 'drop' },
  request_timeout: { status: 408, title: 'The request took too long to arrive', retry: 'retry' },
  conflict: { status: 409, title: 'The request conflicts with the present state', retry: 'drop' },
  not_recurring: { status: 409, title: 'The task does not recur', retry: 'drop' },
  precondition_failed: { status: 412, title: 'The task has changed', retry: 'drop' },
  payload_too_large: { status: 413, title: 'The request is too large', retry: 'drop' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type', retry: 'drop' },
  invalid: { status: 422, title: 'The request is not valid', retry: 'drop' },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key was used for another request',
    retry: 'drop',
  },
  upgrade_required: { status: 426, title: 'This address speaks WebSocket', retry: 'drop' },
  rate_limited: { status: 429, title: 'Too many requests', retry: 'retry' },
  headers_too_large: { status: 431, title: 'The request headers are too large', retry: 'drop' },
  internal: { status: 500, title: 'Internal error', retry: 'retry' },
  unavailable: { status: 503, title: 'A part of the system is down', retry: 'retry' },
  contended: { status: 503, title: 'Too many changes to the same task at once', retry: 'retry' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** One thing wrong with the input: where it is (a JSON pointer, RFC 6901) and what to do about it. */
export interface InputError {
  readonly pointer: string;
  readonly detail: string;
  /** Where the pointer points into; the body when absent. */
  readonly in?: 'query' | 'header' | 'path';
}

/** A failure with a stable code; whatever else is thrown is a fault of the program and renders as `internal`. */
export class TodoError extends Error {
  override readonly name = 'TodoError';

  /**
   * @param code a row of `errorTable`
   * @param detail what was wrong with this very request and what to do next; shown to the caller
   * @param errors each single fault of the input
   */
  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly errors: readonly InputError[] = [],
    options?: ErrorOptions,
  ) {
    super(`${code}: ${detail}`, options);
  }

  /** Shorthand for the commonest case: one fault at one place of the body. */
  static invalid(pointer: string, detail: string): TodoError {
    return new TodoError('invalid', detail, [{ pointer, detail }]);
  }
}

/** RFC 9457 problem details, as sent over every door. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly errors?: readonly InputError[];
}

/** Renders an error; a foreign one becomes `internal` and tells nothing about itself. */
export function toProblem(error: unknown): Problem {
  const known =
    error instanceof TodoError ? error : new TodoError('internal', 'The program failed; the failure is in its log.');
  const { status, title } = errorTable[known.code];
  return {
    type: `urn:todo-chatbot:error:${known.code}`,
    title,
    status,
    detail: known.detail,
    code: known.code,
    ...(known.errors.length > 0 ? { errors: known.errors } : {}),
  };
}

/** The inverse of {@link toProblem}, for a problem that crossed a process border. */
export function fromProblem(problem: Problem): TodoError {
  return new TodoError(problem.code, problem.detail, problem.errors ?? []);
}
