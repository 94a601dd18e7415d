import { errorTable } from '../../domain/errors.js';

/** RFC 9457 problem details, as every refusal is answered. */
export const problemSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string', description: 'what was wrong with this very request, and what to do next' },
    code: { enum: Object.keys(errorTable), description: 'stable; for programs' },
    errors: {
      type: 'array',
      description: 'each single fault of the input',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', description: 'a JSON pointer (RFC 6901)' },
          detail: { type: 'string' },
          in: { enum: ['query', 'header', 'path'], description: 'what the pointer points into; absent: the body' },
        },
      },
    },
  },
} as const;
