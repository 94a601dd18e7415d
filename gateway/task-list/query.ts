import { TodoError, type InputError } from '../../domain/errors.js';
import { priorities, type Priority, type Status } from '../../domain/task/task.js';
import { limits } from '../../domain/task/schema.js';
import { tagWord, wordsOf } from '../../domain/task/words.js';
import type { QueryInput } from '../route.js';
import { readCursor, type Place } from './cursor.js';
import { parseDueBound, type DueBound } from './due-bound.js';
import { parseSort, sortPattern, type SortKey } from './sort.js';

/** Which tasks, in which order, from where on. */
export interface TaskListQuery {
  readonly status: Status | null;
  readonly priority: Priority | null;
  /** Entries of a task's search words, all of which it must have. */
  readonly words: readonly string[];
  /** Exclusive. */
  readonly dueBefore: DueBound | null;
  /** Inclusive. */
  readonly dueAfter: DueBound | null;
  readonly sort: readonly SortKey[];
  readonly limit: number;
  /** Start after this place; null: at the beginning. */
  readonly after: Place | null;
  /** The same for two queries that list the same tasks in the same order. */
  readonly identity: string;
  /** True when nothing can be found: words were asked for, and there is no word among them. */
  readonly isEmpty: boolean;
}

interface Parameters {
  readonly status?: Status;
  readonly priority?: Priority;
  readonly tag?: readonly string[];
  readonly due_before?: string;
  readonly due_after?: string;
  readonly q?: string;
  readonly sort?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const text = { type: 'string', pattern: '^[^\\u0000]*$' } as const;
const due = {
  type: 'string',
  maxLength: 35,
  pattern:
    '^\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])(?:[Tt](?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?(?:[Zz]|[+ -](?:[01]\\d|2[0-3]):[0-5]\\d)?)?$',
  examples: ['2026-11-30', '2026-11-30T09:00', '2026-11-30T09:00:00Z'],
} as const;

const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    status: { enum: ['open', 'done'] },
    priority: { enum: [...priorities] },
    tag: {
      type: 'array',
      maxItems: limits.tags,
      items: { ...text, minLength: 1, maxLength: limits.tag },
      description: 'a tag that the task has; given more than once, it has all of them',
      examples: [['home']],
    },
    due_before: { ...due, description: 'due before this moment: a time with offset, or a local one in your own zone' },
    due_after: { ...due, description: 'due at this moment or after it' },
    q: {
      ...text,
      maxLength: 500,
      description:
        'words of title, description and tags, all of which the task has, in any script; case and accents do not matter',
      examples: ['rent'],
    },
    sort: {
      type: 'string',
      maxLength: 200,
      pattern: sortPattern,
      default: 'created_at:asc',
      description: 'fields in order of weight, ascending unless said otherwise; tasks without the value come last',
      examples: ['priority:desc,due_date:asc'],
    },
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    cursor: {
      type: 'string',
      maxLength: 4096,
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'next_cursor of the page before, with the same filters and sort',
    },
  },
} as const;

/** The parameters of a list of tasks. */
export const taskListQuery: QueryInput<TaskListQuery> = {
  schema,
  parse(parameters: Parameters) {
    const {
      status = null,
      priority = null,
      tag = [],
      q = '',
      sort = 'created_at:asc',
      limit = 50,
      cursor,
    } = parameters;
    const faults: InputError[] = [];
    const bound = (name: 'due_before' | 'due_after'): DueBound | null => {
      const value = parameters[name];
      if (value === undefined) return null;
      const parsed = parseDueBound(value);
      if (!('fault' in parsed)) return parsed;
      faults.push({ pointer: `/${name}`, detail: parsed.fault, in: 'query' });
      return null;
    };
    const dueBefore = bound('due_before');
    const dueAfter = bound('due_after');
    const [first] = faults;
    if (first) throw new TodoError('invalid', `${first.pointer} ${first.detail}`, faults);

    const tags = [...new Set(tag.map((name) => tagWord(name.normalize('NFC').trim())))];
    const searched = q === '' ? [] : wordsOf(q);
    const keys = parseSort(sort);
    const identity = JSON.stringify([status, priority, tags, searched, dueBefore, dueAfter, keys]);
    return {
      status,
      priority,
      words: [...tags, ...searched],
      dueBefore,
      dueAfter,
      sort: keys,
      limit,
      after: cursor === undefined ? null : readCursor(cursor, identity, keys),
      identity,
      isEmpty: q.trim() !== '' && searched.length === 0,
    };
  },
};
