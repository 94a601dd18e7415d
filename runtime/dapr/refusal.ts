import { TodoError, errorTable, fromProblem, type Problem } from '../../domain/errors.js';

/** The refusal that an answer of the program's own says, or `unavailable` when it says none. */
export function asError(answer: unknown): TodoError {
  const isProblem =
    typeof answer === 'object' &&
    answer !== null &&
    'code' in answer &&
    'detail' in answer &&
    String(answer.code) in errorTable;
  return isProblem
    ? fromProblem(answer as Problem)
    : new TodoError('unavailable', 'The sidecar answered without an answer of the program.');
}
