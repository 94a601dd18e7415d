import { TodoError } from '../../errors.js';
import { rejected, type FileInput, type ImportEntry, type ImportOptions, type RejectedEntry } from '../import-entry.js';
import { cellsOf, readCsvRecords, type CsvRecord, type Delimiter } from './csv-records.js';
import { ownDialect } from './own-dialect.js';
import { ticktickDialect } from './ticktick-dialect.js';
import { todoistDialect } from './todoist-dialect.js';

/** A row under its header. */
export interface CsvRow {
  readonly kind: 'row';
  readonly line: number;
  /** The cell of a column, empty where there is none. */
  readonly cell: (column: string) => string;
  readonly cells: readonly string[];
}

/** The CSV of one program. */
export interface CsvDialect {
  readonly name: string;
  /** The columns that its header must have, in any order and beside any others. */
  readonly columns: readonly string[];
  /** Turns the rows below the header into entries. */
  read(rows: AsyncIterable<CsvRow | RejectedEntry>, options: ImportOptions): AsyncGenerator<ImportEntry>;
}

const dialects: readonly CsvDialect[] = [ticktickDialect, todoistDialect, ownDialect];

/** TickTick writes some lines about the backup before the header. */
const mostRecordsBeforeHeader = 20;

/**
 * Reads the tasks of a CSV file: TickTick's backup, Todoist's export, or this program's own, told by the header; in
 * memory that does not grow with the file.
 * @throws TodoError `invalid` that names the headers that are understood, when the file has none of them
 */
export async function* readCsv(input: FileInput, options: ImportOptions): AsyncGenerator<ImportEntry> {
  const records = readCsvRecords(input);
  let before = 0;
  for await (const record of untilReturned(records)) {
    const header = record.kind === 'record' ? headerIn(record) : null;
    if (header) {
      yield* header.dialect.read(rowsBelow(header, records), options);
      return;
    }
    before += 1;
    if (before > mostRecordsBeforeHeader) break;
  }
  await records.return(undefined);
  const known = dialects.map(({ name, columns }) => `${name} (with the columns ${columns.join(', ')})`);
  throw new TodoError('invalid', `The file has no header that is understood. Understood are ${known.join('; ')}.`);
}

interface Header {
  readonly dialect: CsvDialect;
  readonly delimiter: Delimiter;
  readonly columns: readonly string[];
}

function headerIn(record: CsvRecord): Header | null {
  for (const delimiter of [',', ';', '\t'] as const) {
    const columns = cellsOrNull(record, delimiter)?.map((cell) => cell.trim().toLowerCase());
    const dialect =
      columns && dialects.find((candidate) => candidate.columns.every((name) => columns.includes(name.toLowerCase())));
    if (dialect) return { dialect, delimiter, columns };
  }
  return null;
}

async function* rowsBelow(
  { columns, delimiter }: Header,
  records: AsyncIterable<CsvRecord | RejectedEntry>,
): AsyncGenerator<CsvRow | RejectedEntry> {
  const places = new Map(columns.map((name, place) => [name, place]));
  for await (const record of records) {
    if (record.kind === 'rejected') {
      yield record;
      continue;
    }
    const { line } = record;
    const cells = cellsOrNull(record, delimiter);
    if (!cells) {
      yield rejected(line, 'unreadable', 'A quotation mark stands inside a cell; it must be doubled');
    } else if (cells.length > columns.length) {
      yield rejected(line, 'unreadable', `The row has ${cells.length} cells, the header ${columns.length}`);
    } else if (cells.some((cell) => cell.trim() !== '')) {
      const cell = (column: string): string => cells[places.get(column.toLowerCase()) ?? -1] ?? '';
      yield { kind: 'row', line, cells, cell };
    }
  }
}

function cellsOrNull(record: CsvRecord, delimiter: Delimiter): string[] | null {
  try {
    return cellsOf(record, delimiter);
  } catch {
    // csv-parse throws for faults of the quotation marks alone, and its text speaks of its own options.
    return null;
  }
}

/** Iterates without closing the iterator when the loop is left, so that another loop can go on. */
function untilReturned<T>(iterator: AsyncGenerator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}
