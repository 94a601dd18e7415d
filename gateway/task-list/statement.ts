import type { Status } from '../../domain/task/task.js';
import { taskOfRow } from '../sql/task-json.js';
import type { Place, SortValue } from './cursor.js';
import { sortColumns, type SortKey } from './sort.js';

/** What the statement asks, with the user's zone already applied. */
export interface ListFilter {
  readonly userId: string;
  readonly status: Status | null;
  /** Rank. */
  readonly priority: number | null;
  readonly words: readonly string[];
  readonly dueBefore: Date | null;
  readonly dueAfter: Date | null;
}

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * The SQL of one page. Rows: `task` as JSON, `due` in epoch milliseconds where the list is sorted by it.
 *
 * "Everything after a place" is a union of ranges, one for each key of the sort: equal in all keys before it, and beyond
 * the place in this one. Each range is read from an index in the order of the list and only as far as needed, so the
 * thousandth page costs what the first does; a single condition with OR would read and drop all pages before.
 */
export function listStatement(
  filter: ListFilter,
  sort: readonly SortKey[],
  after: Place | null,
  limit: number,
): Statement {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = filterConditions(filter, bind);
  const statuses = filter.status ? [filter.status] : (['open', 'done'] as const);
  const ranges = after ? rangesAfter(after, sort, bind) : [''];
  const order = orderBy(sort);

  const parts = statuses.flatMap((status) =>
    ranges.map(
      (range) => `(SELECT * FROM tasks t WHERE ${conditions} AND t.status = '${status}'${range}
        ORDER BY ${order} LIMIT ${limit})`,
    ),
  );
  const due = sort.some(({ field }) => field === 'due_date')
    ? `, (extract(epoch FROM t.due_at) * 1000)::float8 AS due`
    : '';
  const text = `SELECT row_to_json(task)::text AS task${due}
    FROM (${parts.join('\n UNION ALL ')}) AS t CROSS JOIN LATERAL ${taskOfRow}
    ORDER BY ${order} LIMIT ${limit}`;
  return { text, values };
}

type Bind = (value: unknown) => string;

function filterConditions(filter: ListFilter, bind: Bind): string {
  const conditions = [`t.user_id = ${bind(filter.userId)}`];
  if (filter.priority !== null) conditions.push(`t.priority = ${bind(filter.priority)}::smallint`);
  if (filter.words.length > 0) conditions.push(`t.words @> ${bind(filter.words)}::text[]`);
  if (filter.dueBefore) conditions.push(`t.due_at < ${bind(filter.dueBefore)}::timestamptz`);
  if (filter.dueAfter) conditions.push(`t.due_at >= ${bind(filter.dueAfter)}::timestamptz`);
  return conditions.join(' AND ');
}

/** The id follows the last key's direction, so that one index serves both ways. */
function orderBy(sort: readonly SortKey[]): string {
  const keys = sort.map(({ field, direction }) => {
    const { sql, isNullable } = sortColumns[field];
    return `${sql} ${direction}${isNullable ? ' NULLS LAST' : ''}`;
  });
  return [...keys, `t.id ${sort.at(-1)?.direction ?? 'asc'}`].join(', ');
}

/** Conditions that begin with ` AND`, each for a range; together and in any order, they are all that comes after the place. */
function rangesAfter({ values, id }: Place, sort: readonly SortKey[], bind: Bind): string[] {
  const ranges: string[] = [];
  const parameters = sort.map(({ field }, index) => {
    const value = values[index] ?? null;
    return value === null ? null : sortColumns[field].parameter(bind(toSql(field, value)));
  });
  const idParameter = `${bind(id)}::uuid`;
  let equal = '';
  sort.forEach(({ field, direction }, index) => {
    const { sql, isNullable } = sortColumns[field];
    const parameter = parameters[index] ?? null;
    const beyond = direction === 'asc' ? '>' : '<';
    const isLast = index === sort.length - 1;
    if (parameter === null) {
      // Nulls come last: beyond this one are only those with a greater id.
      equal += ` AND ${sql} IS NULL`;
      if (isLast) ranges.push(`${equal} AND t.id ${beyond} ${idParameter}`);
      return;
    }
    ranges.push(
      isLast
        ? `${equal} AND (${sql}, t.id) ${beyond} (${parameter}, ${idParameter})`
        : `${equal} AND ${sql} ${beyond} ${parameter}`,
    );
    if (isNullable) ranges.push(`${equal} AND ${sql} IS NULL`);
    equal += ` AND ${sql} = ${parameter}`;
  });
  return ranges;
}

function toSql(field: SortKey['field'], value: SortValue): unknown {
  return typeof value === 'number' && field !== 'priority' ? new Date(value) : value;
}
