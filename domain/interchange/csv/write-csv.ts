import { stringify } from 'csv-stringify/sync';
import type { ExportedTask } from '../exported-task.js';
import { ownColumns } from './own-dialect.js';

/**
 * Writes tasks as CSV (RFC 4180), a header and then a task a row, that {@link readCsv} reads back to the same fields.
 * Lists and rules are JSON in their cells.
 * @returns the file in pieces, a row a piece
 */
export async function* writeCsv(tasks: AsyncIterable<ExportedTask>): AsyncGenerator<string> {
  yield row(Object.keys(ownColumns));
  for await (const task of tasks) yield row(Object.values(ownColumns).map((cellOf) => cellOf(task)));
}

function row(cells: readonly string[]): string {
  // csv-stringify quotes what its own delimiters make necessary. A lone line feed breaks a row too, and a spreadsheet
  // of another language parts cells at a semicolon.
  return stringify([[...cells]], { record_delimiter: '\r\n', quoted_match: /[\r\n;\t]/ });
}
