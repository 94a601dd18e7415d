import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { toProblem } from '../../domain/errors.js';

/** Answers with a JSON text, once; does nothing when the caller has gone. */
export function answerJson(
  response: ServerResponse,
  status: number,
  json: string,
  headers: OutgoingHttpHeaders = { 'content-type': 'application/json' },
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(json) });
  response.end(json);
}

/** Answers with the problem of an error. @param leastStatus the status, where the problem's own is less */
export function answerProblem(response: ServerResponse, error: unknown, leastStatus = 400): void {
  const problem = toProblem(error);
  const headers = { 'content-type': 'application/problem+json' };
  answerJson(response, Math.max(problem.status, leastStatus), JSON.stringify(problem), headers);
}

/**
 * Answers a method call with the problem of an error, such that it reaches the caller as it is: daprd passes the body
 * of any other status on only as a text within an error of its own (`pkg/actors/targets/app/app.go`).
 */
export function answerActorProblem(response: ServerResponse, error: unknown): void {
  answerJson(response, 200, JSON.stringify(toProblem(error)), {
    'content-type': 'application/problem+json',
    'X-DaprErrorResponseHeader': 'true',
  });
}
