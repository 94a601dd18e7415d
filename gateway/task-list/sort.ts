/** A column that lists are sorted by. Nulls come last in both directions. */
interface SortColumn {
  /** SQL of a row `t`. */
  readonly sql: string;
  /** SQL of a parameter that is compared with it. */
  readonly parameter: (placeholder: string) => string;
  readonly isNullable: boolean;
}

const time = (sql: string, isNullable = false): SortColumn => ({
  sql,
  parameter: (placeholder) => `${placeholder}::timestamptz`,
  isNullable,
});

/** What lists can be sorted by. `due_date` sorts by the instant; titles by Unicode's own order (UTS #10). */
export const sortColumns = {
  priority: { sql: 't.priority', parameter: (p) => `${p}::smallint`, isNullable: false },
  due_date: time('t.due_at', true),
  created_at: time('t.created_at'),
  updated_at: time('t.updated_at'),
  completed_at: time('t.completed_at', true),
  title: { sql: 't.title COLLATE "und-x-icu"', parameter: (p) => `${p}::text`, isNullable: false },
  // Open before done.
  status: { sql: `(t.status = 'done')`, parameter: (p) => `${p}::boolean`, isNullable: false },
} as const satisfies Record<string, SortColumn>;

export type SortField = keyof typeof sortColumns;
export const sortFields = Object.keys(sortColumns) as SortField[];

export interface SortKey {
  readonly field: SortField;
  readonly direction: 'asc' | 'desc';
}

const word = `(?:${sortFields.join('|')})(?::(?:asc|desc))?`;
export const sortPattern = `^${word}(?:,${word})*$`;

/** Reads what matches {@link sortPattern}. A field that comes again decides nothing any more and is left out. */
export function parseSort(text: string): readonly SortKey[] {
  const keys = new Map<SortField, SortKey>();
  for (const part of text.split(',')) {
    const [name, direction] = part.split(':');
    const field = sortFields.find((candidate) => candidate === name);
    if (field && !keys.has(field)) keys.set(field, { field, direction: direction === 'desc' ? 'desc' : 'asc' });
  }
  return [...keys.values()];
}
