import { Readable } from 'node:stream';
import { TodoError, errorTable } from '../../domain/errors.js';
import { readCsv } from '../../domain/interchange/csv/read-csv.js';
import { writeCsv } from '../../domain/interchange/csv/write-csv.js';
import type { ExportedTask } from '../../domain/interchange/exported-task.js';
import { readCalendar } from '../../domain/interchange/icalendar/read-calendar.js';
import { writeCalendar } from '../../domain/interchange/icalendar/write-calendar.js';
import type { TaskEntry } from '../../domain/interchange/import-entry.js';
import { writeNdjson } from '../../domain/interchange/write-ndjson.js';
import type { Answer } from '../answer.js';
import type { GatewayContext } from '../context.js';
import { exportedTasks } from '../interchange/exported-tasks.js';
import { inChunks, jsonAnswer, ndjsonAnswer, withLastRejection } from '../interchange/import-answer.js';
import { importEntries, type Outcome } from '../interchange/import-entries.js';
import { spool } from '../interchange/spool.js';
import { checkContentType } from '../middleware/content-type.js';
import { route, type Matched, type Route } from '../route.js';
import { readSettings } from '../sql/user-settings.js';

const readers = { 'text/calendar': readCalendar, 'text/csv': readCsv } as const;
type ImportType = keyof typeof readers;
const importTypes = Object.keys(readers) as ImportType[];

const ndjson = 'application/x-ndjson';
const writers = {
  [ndjson]: { write: writeNdjson, suffix: 'ndjson' },
  'text/calendar': { write: writeCalendar, suffix: 'ics' },
  'text/csv': { write: writeCsv, suffix: 'csv' },
} as const satisfies Record<
  string,
  { write: (tasks: AsyncIterable<ExportedTask>) => AsyncGenerator<string>; suffix: string }
>;

const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const importResult = {
  type: 'object',
  additionalProperties: false,
  required: ['imported', 'unchanged', 'rejected', 'tasks'],
  properties: {
    imported: { ...count, description: 'entries that made or changed a task' },
    unchanged: { ...count, description: 'entries that were imported before, as they are' },
    rejected: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['line', 'code', 'detail'],
        properties: {
          line: { ...count, description: 'first line of the entry in the file' },
          code: { enum: [...Object.keys(errorTable), 'not_a_task'] },
          detail: text,
        },
      },
    },
    tasks: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['source_id', 'id', 'lost'],
        properties: {
          source_id: text,
          id: { type: 'string', format: 'uuid' },
          lost: { type: 'array', items: text, description: 'what has no place in a task here' },
        },
      },
    },
  },
} as const;

/** Other programs' files. `stopping` is aborted when the program stops. */
export function interchangeRoutes(
  context: Pick<GatewayContext, 'pool' | 'dapr' | 'log'>,
  stopping: AbortSignal,
  mostImportBytes = 256 * 1024 * 1024,
): Route[] {
  const { pool, dapr, log } = context;

  async function importFile({ ctx, userId }: Matched): Promise<Answer> {
    const type = checkContentType(ctx.req, importTypes) as ImportType;
    const [settings] = await readSettings(pool, [userId]);
    const file = await spool(ctx.req, mostImportBytes);
    const entries = readers[type](file, { userZone: settings?.time_zone ?? 'UTC' });
    const importOne = ({ task_id, fields, source_id, digest }: TaskEntry) =>
      dapr.command(userId, task_id, {
        command: { op: 'import', fields, origin: { source_id, digest } },
        actor: 'rest',
        idempotency: null,
      });
    const outcomes = importEntries(entries, importOne, log, stopping);
    // A file that is none of its kind fails here, while the status can still say so.
    const first = await outcomes.next();
    const all = withLastRejection(resumed(first, outcomes));
    const isNdjson = ctx.accepts('application/json', ndjson) === ndjson;
    const body = Readable.from(inChunks(isNdjson ? ndjsonAnswer(all) : jsonAnswer(all)));
    // Also when the client is gone before the answer began.
    body.once('close', () => void outcomes.return(undefined));
    return { status: 200, type: isNdjson ? ndjson : 'application/json', body, headers: { Vary: 'Accept' } };
  }

  return [
    route({
      method: 'post',
      path: '/v1/import',
      scope: 'tasks:write',
      operationId: 'importTasks',
      summary: 'Bring in another program’s tasks',
      description:
        'iCalendar (VTODO), or the CSV of TickTick, Todoist or this program. The same file again makes nothing twice. With `Accept: application/x-ndjson` the answer has a line for each entry as it is done, with `progress` in between and a `summary` at the end.',
      upload: { schema: text, contentTypes: importTypes },
      responses: {
        200: {
          description: 'what became of each entry',
          content: { 'application/json': importResult, [ndjson]: text },
        },
      },
      handle: importFile,
    }),
    route({
      method: 'get',
      path: '/v1/export',
      scope: 'tasks:read',
      operationId: 'exportTasks',
      summary: 'Take all your tasks with you',
      description: 'In the format that `Accept` names; JSON lines where it names none.',
      responses: {
        200: {
          description: 'all tasks',
          content: Object.fromEntries(Object.keys(writers).map((type) => [type, text])),
          headers: { 'Content-Disposition': 'a name for the file' },
        },
      },
      errors: ['not_acceptable'],
      handle({ ctx, userId }) {
        const types = Object.keys(writers) as (keyof typeof writers)[];
        const accepted = ctx.accepts(...types);
        const type = types.find((candidate) => candidate === accepted);
        if (!type) throw new TodoError('not_acceptable', `Accept must allow one of ${types.join(', ')}.`);
        const { write, suffix } = writers[type];
        return {
          status: 200,
          type: type === ndjson ? type : `${type}; charset=utf-8`,
          body: Readable.from(inChunks(write(exportedTasks(pool, userId)))),
          headers: { 'Content-Disposition': `attachment; filename="tasks.${suffix}"`, Vary: 'Accept' },
        };
      },
    }),
  ];
}

/** An iteration whose first step has been taken. */
async function* resumed(first: IteratorResult<Outcome, void>, rest: AsyncGenerator<Outcome>): AsyncGenerator<Outcome> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
