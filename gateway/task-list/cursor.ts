import { hash } from 'node:crypto';
import { TodoError } from '../../domain/errors.js';
import { priorities, type Task } from '../../domain/task/task.js';
import { sortColumns, type SortField, type SortKey } from './sort.js';

/** What a task is sorted by: text, a rank, epoch milliseconds, or true for done. */
export type SortValue = string | number | boolean | null;

/** A place in a sorted list: that of the last task of a page. It holds whatever happens to that task. */
export interface Place {
  /** One for each key of the sort. */
  readonly values: readonly SortValue[];
  /** Decides between tasks that are equal in all of these. */
  readonly id: string;
}

/**
 * The place of a task.
 * @param dueAt epoch milliseconds
 */
export function placeOf(task: Task, dueAt: number | null, sort: readonly SortKey[]): Place {
  const values = sort.map(({ field }): SortValue => {
    switch (field) {
      case 'title':
        return task.title;
      case 'status':
        return task.status === 'done';
      case 'priority':
        return priorities.indexOf(task.priority);
      case 'due_date':
        return dueAt;
      case 'created_at':
      case 'updated_at':
      case 'completed_at': {
        const time = task[field];
        return time === null ? null : Date.parse(time);
      }
    }
  });
  return { values, id: task.id };
}

const sumBytes = 6;

/** Writes a place as text that says nothing to clients. It knows the list it belongs to, and whether it is whole. */
export function writeCursor({ values, id }: Place, identity: string): string {
  const place = JSON.stringify([...values, id]);
  return Buffer.concat([sum(identity), sum(place), Buffer.from(place)]).toString('base64url');
}

/**
 * Reads a cursor of the list that `identity` names.
 * @throws TodoError `unreadable` when it is not one that was given out, `invalid` when it is of another list
 */
export function readCursor(cursor: string, identity: string, sort: readonly SortKey[]): Place {
  const bytes = Buffer.from(cursor, 'base64url');
  const place = bytes.subarray(2 * sumBytes);
  if (bytes.length < 2 * sumBytes || !sum(place).equals(bytes.subarray(sumBytes, 2 * sumBytes))) throw unreadable();
  if (!sum(identity).equals(bytes.subarray(0, sumBytes))) {
    const detail = 'belongs to another list; keep filters and sort as they were for the page before';
    throw new TodoError('invalid', `The cursor ${detail}.`, [{ pointer: '/cursor', detail, in: 'query' }]);
  }
  // The sum keeps out accidents, not forgers; those only reach other places of their own list, or this check.
  const parsed: unknown = JSON.parse(place.toString());
  if (!Array.isArray(parsed)) throw unreadable();
  const values: unknown[] = parsed.slice(0, -1);
  const id: unknown = parsed.at(-1);
  const isWhole =
    typeof id === 'string' &&
    /^[\da-f-]{36}$/.test(id) &&
    values.length === sort.length &&
    sort.every(({ field }, index) => isValueOf(field, values[index]));
  if (!isWhole) throw unreadable();
  return { values: values as SortValue[], id };
}

function isValueOf(field: SortField, value: unknown): boolean {
  switch (field) {
    case 'title':
      return typeof value === 'string' && !value.includes('\u0000');
    case 'status':
      return typeof value === 'boolean';
    case 'priority':
      return typeof value === 'number' && value in priorities;
    default:
      return value === null ? sortColumns[field].isNullable : !Number.isNaN(new Date(Number(value)).getTime());
  }
}

function sum(data: string | Buffer): Buffer {
  return hash('sha256', data, 'buffer').subarray(0, sumBytes);
}

function unreadable(): TodoError {
  return new TodoError('unreadable', 'The cursor is not one that was given out here; start again without it.');
}
