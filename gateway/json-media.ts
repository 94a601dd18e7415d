import type { SuccessResponse } from './route.js';

/** A response whose body is JSON of the schema. */
export function jsonResponse(
  description: string,
  schema: object,
  headers?: SuccessResponse['headers'],
): SuccessResponse {
  return { description, content: { 'application/json': schema }, ...(headers && { headers }) };
}
