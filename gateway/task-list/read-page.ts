import type { Pool } from 'pg';
import { priorities, type Task } from '../../domain/task/task.js';
import { readSettings } from '../sql/user-settings.js';
import { placeOf, writeCursor } from './cursor.js';
import { instantOf } from './due-bound.js';
import type { TaskListQuery } from './query.js';
import { listStatement, type ListFilter } from './statement.js';
import { StatementNames } from './statement-names.js';

interface Row {
  readonly task: string;
  readonly due?: number | null;
}

const names = new StatementNames();

/** Reads one page of a user's tasks. @returns the interface's answer, as JSON */
export async function readPage(pool: Pool, userId: string, query: TaskListQuery): Promise<string> {
  if (query.isEmpty) return page([], null);
  const { sort, limit, after, identity } = query;
  // One more than asked for tells whether there is a next page.
  const { text, values } = listStatement(await filterOf(pool, userId, query), sort, after, limit + 1);
  const name = names.of(text, query);
  const { rows } = await pool.query<Row>({ text, values: [...values], ...(name && { name }) });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  if (!last || rows.length <= limit) return page(shown, null);
  // Written by our own statement.
  const place = placeOf(JSON.parse(last.task) as Task, last.due ?? null, sort);
  return page(shown, writeCursor(place, identity));
}

function page(rows: readonly Row[], nextCursor: string | null): string {
  return `{"tasks":[${rows.map((row) => row.task).join(',')}],"next_cursor":${JSON.stringify(nextCursor)}}`;
}

async function filterOf(pool: Pool, userId: string, query: TaskListQuery): Promise<ListFilter> {
  const { status, words, dueBefore, dueAfter } = query;
  const isLocal = [dueBefore, dueAfter].some((bound) => bound && 'local' in bound);
  const zone = (isLocal ? (await readSettings(pool, [userId]))[0]?.time_zone : undefined) ?? 'UTC';
  return {
    userId,
    status,
    priority: query.priority === null ? null : priorities.indexOf(query.priority),
    words,
    dueBefore: dueBefore && instantOf(dueBefore, zone),
    dueAfter: dueAfter && instantOf(dueAfter, zone),
  };
}
