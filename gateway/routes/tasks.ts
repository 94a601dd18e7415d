import type { ErrorCode } from '../../domain/errors.js';
import type { TaskCommand, TaskFields } from '../../domain/task/commands.js';
import { parseNewTask, parsePatch } from '../../domain/task/parse-fields.js';
import { newTaskSchema, taskPatchSchema, taskSchema } from '../../domain/task/schema.js';
import { validator } from '../../domain/validation.js';
import type { Answer } from '../answer.js';
import { entityTagsPattern, etagOf, expectedVersions, isNotModified } from '../etag.js';
import { idempotencyKey, idempotencyOf } from '../idempotency.js';
import type { GatewayContext } from '../context.js';
import { jsonResponse } from '../json-media.js';
import { route, type BodyInput, type Call, type HeaderInput, type Route } from '../route.js';
import { readTask } from '../sql/read-task.js';
import { taskListQuery } from '../task-list/query.js';
import { readPage } from '../task-list/read-page.js';
import { newTaskId, noSuchTask, readTaskId } from '../task-id.js';

const ifMatch: HeaderInput = {
  name: 'If-Match',
  description: 'Carries the command out only if the task is still at (one of) these versions; * if it exists.',
  schema: { type: 'string', pattern: entityTagsPattern, examples: ['"3"'] },
};
const ifNoneMatch: HeaderInput = {
  name: 'If-None-Match',
  description: 'Answers 304 without a body if the task is still at (one of) these versions.',
  schema: { type: 'string', pattern: entityTagsPattern, examples: ['"3"'] },
};
const etagHeader = { ETag: 'the version of the task, as an entity tag' };
const taskResponse = (description: string) => jsonResponse(description, taskSchema, etagHeader);

const newTask: BodyInput<TaskFields> = {
  schema: newTaskSchema,
  contentTypes: ['application/json'],
  required: true,
  parse: parseNewTask,
  example: {
    title: 'Pay rent',
    priority: 'high',
    tags: ['home'],
    due_date: '2026-11-30T09:00',
    time_zone: 'Europe/Berlin',
  },
};
const taskPatch: BodyInput<Partial<TaskFields>> = {
  schema: taskPatchSchema,
  contentTypes: ['application/merge-patch+json', 'application/json'],
  required: true,
  parse: parsePatch,
  example: { priority: null, title: 'Pay the rent' },
};
const nothing = { type: 'object', additionalProperties: false } as const;
const noBody: BodyInput<object> = {
  schema: nothing,
  contentTypes: ['application/json'],
  required: false,
  parse: validator<object>(nothing),
};

type Scope = Extract<TaskCommand, { op: 'delete' }>['scope'];
const deletion = {
  type: 'object',
  additionalProperties: false,
  properties: {
    scope: {
      enum: ['this', 'series'],
      default: 'this',
      description:
        'Of an open recurring task: `this` moves its series on to the next slot, `series` ends it. Of any other task it makes no difference.',
    },
  },
} as const;
const scopeOf = (parameters: object): Scope =>
  'scope' in parameters && parameters.scope === 'series' ? 'series' : 'this';

const taskList = {
  type: 'object',
  additionalProperties: false,
  required: ['tasks', 'next_cursor'],
  properties: {
    tasks: { type: 'array', items: taskSchema },
    next_cursor: { type: ['string', 'null'], description: 'asks for the next page; null on the last' },
  },
} as const;

const commandErrors: readonly ErrorCode[] = ['not_found', 'precondition_failed', 'idempotency_key_reused', 'contended'];

/** A user's tasks: reads straight from the database, commands through the task's actor. */
export function taskRoutes({ pool, dapr }: Pick<GatewayContext, 'pool' | 'dapr'>): Route[] {
  /** Sends a command to the task that the address names. */
  async function command<Body>(
    { ctx, userId, params, json }: Call<unknown, Body>,
    taskCommand: TaskCommand,
  ): Promise<Answer> {
    const result = await dapr.command(userId, readTaskId(params.id), {
      command: taskCommand,
      actor: 'rest',
      idempotency: idempotencyOf(ctx, json),
    });
    const replayed = result.replayed ? { 'Idempotency-Replayed': 'true' } : undefined;
    if (!result.task) return { status: 204, ...(replayed && { headers: replayed }) };
    return {
      status: 200,
      body: JSON.stringify(result.task),
      headers: { ETag: etagOf(result.task.version), ...replayed },
    };
  }

  const transition = (
    op: 'complete' | 'reopen' | 'skip',
    summary: string,
    more: { readonly description?: string; readonly errors?: readonly ErrorCode[] } = {},
  ): Route =>
    route({
      method: 'post',
      path: `/v1/tasks/{id}/${op}`,
      scope: 'tasks:write',
      operationId: `${op}Task`,
      summary,
      ...(more.description !== undefined && { description: more.description }),
      headers: [ifMatch, idempotencyKey],
      body: noBody,
      responses: { 200: taskResponse('the task after it') },
      errors: [...commandErrors, ...(more.errors ?? [])],
      handle: (call) => command(call, { op, expected_versions: expectedVersions(call.ctx.req.headers) }),
    });

  return [
    route({
      method: 'post',
      path: '/v1/tasks',
      scope: 'tasks:write',
      operationId: 'createTask',
      summary: 'Create a task',
      headers: [idempotencyKey],
      body: newTask,
      responses: {
        201: jsonResponse('the task', taskSchema, { ...etagHeader, Location: 'the address of the task' }),
      },
      errors: ['conflict', 'idempotency_key_reused', 'contended'],
      async handle({ ctx, userId, body, json }) {
        const { task, replayed } = await dapr.command(userId, newTaskId(), {
          command: { op: 'create', fields: body },
          actor: 'rest',
          idempotency: idempotencyOf(ctx, json),
        });
        if (!task) throw new Error('a create was answered without a task');
        return {
          status: 201,
          body: JSON.stringify(task),
          headers: {
            ETag: etagOf(task.version),
            Location: `/v1/tasks/${task.id}`,
            ...(replayed && { 'Idempotency-Replayed': 'true' }),
          },
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/tasks',
      scope: 'tasks:read',
      operationId: 'listTasks',
      summary: 'List, filter, search and sort tasks',
      query: taskListQuery,
      responses: { 200: jsonResponse('a page of tasks', taskList) },
      handle: async ({ userId, query }) => ({ status: 200, body: await readPage(pool, userId, query) }),
    }),
    route({
      method: 'get',
      path: '/v1/tasks/{id}',
      scope: 'tasks:read',
      operationId: 'getTask',
      summary: 'Read a task',
      headers: [ifNoneMatch],
      responses: {
        200: taskResponse('the task'),
        304: { description: 'the task is still at the version named', headers: etagHeader },
      },
      errors: ['not_found'],
      async handle({ ctx, userId, params }) {
        const [row] = await readTask(pool, [userId, readTaskId(params.id)]);
        if (!row) throw noSuchTask();
        const headers = { ETag: etagOf(row.version), 'Cache-Control': 'private, no-cache' };
        return isNotModified(ctx.req.headers, headers.ETag)
          ? { status: 304, headers }
          : { status: 200, body: row.task, headers };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/tasks/{id}',
      scope: 'tasks:write',
      operationId: 'updateTask',
      summary: 'Change fields of a task (JSON merge patch)',
      headers: [ifMatch, idempotencyKey],
      body: taskPatch,
      responses: { 200: taskResponse('the task after it') },
      errors: commandErrors,
      handle: (call) =>
        command(call, { op: 'update', patch: call.body, expected_versions: expectedVersions(call.ctx.req.headers) }),
    }),
    route({
      method: 'delete',
      path: '/v1/tasks/{id}',
      scope: 'tasks:write',
      operationId: 'deleteTask',
      summary: 'Delete a task',
      description:
        'Its reminders are cancelled. A recurring task goes on with its next slot unless `scope` is `series`.',
      query: { schema: deletion, parse: scopeOf },
      headers: [ifMatch, idempotencyKey],
      responses: { 204: { description: 'it is gone' } },
      errors: commandErrors,
      handle: (call) =>
        command(call, {
          op: 'delete',
          scope: call.query,
          expected_versions: expectedVersions(call.ctx.req.headers),
        }),
    }),
    transition('complete', 'Complete a task; again, it changes nothing', {
      description:
        'The next occurrence of a recurring task is made right after it, as a task of its own: see `series_id` and `occurrence`. Each occurrence has one successor, however often it is completed.',
    }),
    transition('reopen', 'Reopen a task; again, it changes nothing', {
      description: 'The next occurrence of a recurring task, if it is there already, stays.',
    }),
    transition('skip', 'Move a recurring task to its next slot without completing it; again, it changes nothing', {
      description: 'The task is `done` without a `completed_at`, and its next occurrence is made right after it.',
      errors: ['not_recurring'],
    }),
  ];
}
