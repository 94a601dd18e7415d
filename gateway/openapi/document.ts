import { errorTable, type ErrorCode } from '../../domain/errors.js';
import { newTaskSchema, taskPatchSchema, taskSchema } from '../../domain/task/schema.js';
import { channelNames } from '../../domain/user/channels.js';
import { settingsPatchSchema } from '../../domain/user/settings.js';
import { changeSchema } from '../routes/changes.js';
import type { RouteDescription, SuccessResponse } from '../route.js';
import { problemSchema } from './problem-schema.js';

/** The schemas that have a name in the document. Wherever one of these very objects is used, its name stands. */
const components: Readonly<Record<string, object>> = {
  Task: taskSchema,
  NewTask: newTaskSchema,
  TaskPatch: taskPatchSchema,
  Change: changeSchema,
  SettingsPatch: settingsPatchSchema,
  Problem: problemSchema,
};

/**
 * Makes the OpenAPI 3.1 document out of the routes: the schemas in it are those that check what comes in.
 * @param version of the program
 */
export function openApiDocument(routes: readonly RouteDescription[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const described of routes) {
    (paths[described.path] ??= {})[described.method] = operation(described);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'todo-chatbot',
      version,
      description: 'Tasks of a user. Times are RFC 3339 in UTC; a task’s own date is wall time in an IANA zone.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(components).map(([name, schema]) => [name, named(schema, { except: schema })]),
      ),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'the subject is the user' },
      },
    },
  };
}

function operation(described: RouteDescription): object {
  const { operationId, summary, description, scope, responses } = described;
  const body = described.body ?? (described.upload && { ...described.upload, required: true });
  const parameters = [...pathParameters(described), ...queryParameters(described), ...headerParameters(described)];
  return {
    operationId,
    summary,
    ...(description && { description }),
    security: scope === null ? [] : [{ bearer: [scope] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: body.required,
        content: Object.fromEntries(
          body.contentTypes.map((type) => [
            type,
            { schema: named(body.schema), ...(body.example !== undefined && { example: body.example }) },
          ]),
        ),
      },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(responses).map(([status, answer]) => [status, success(answer)])),
      ...problems(described),
    },
  };
}

function pathParameters({ path }: RouteDescription): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'channel' ? { enum: channelNames } : { type: 'string', format: 'uuid' },
  }));
}

function queryParameters({ query }: RouteDescription): object[] {
  if (!query) return [];
  const { properties = {}, required = [] } = query.schema as {
    properties?: Record<string, { description?: string }>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description && { description }),
    schema,
  }));
}

function headerParameters({ headers = [] }: RouteDescription): object[] {
  return headers.map((header) => ({ ...header, in: 'header', required: false }));
}

function success({ description, content, headers }: SuccessResponse): object {
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, meaning]) => [name, { description: meaning, schema: { type: 'string' } }]),
      ),
    }),
    ...(content && {
      content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema: named(schema) }])),
    }),
  };
}

/** Refusals by status; the codes of one status stand in its description. */
function problems(described: RouteDescription): Record<string, object> {
  const codes = new Set<ErrorCode>(['unreadable', 'invalid', ...(described.errors ?? [])]);
  if (described.scope !== null)
    for (const code of ['unauthorized', 'insufficient_scope', 'unavailable'] as const) codes.add(code);
  if (described.body ?? described.upload) {
    for (const code of ['request_timeout', 'payload_too_large', 'unsupported_media_type'] as const) codes.add(code);
  }
  const byStatus: Record<string, object> = {};
  for (const status of new Set([...codes].map((code) => errorTable[code].status))) {
    const named = [...codes].filter((code) => errorTable[code].status === status);
    byStatus[status] = {
      description: named.map((code) => `${errorTable[code].title} (\`${code}\`)`).join('; '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return byStatus;
}

/** Puts references where a schema is one of those with a name. */
function named(schema: unknown, { except }: { except?: object } = {}): unknown {
  if (Array.isArray(schema)) return schema.map((member) => named(member));
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = schema === except ? undefined : nameOf(schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  return Object.fromEntries(Object.entries(schema).map(([key, member]) => [key, named(member)]));
}

function nameOf(schema: object): string | undefined {
  return Object.keys(components).find((name) => components[name] === schema);
}
