import { parse } from 'csv-parse/sync';
import { rejected, type FileInput, type RejectedEntry } from '../import-entry.js';
import { decodeUtf8, readLines } from '../lines.js';

/** A record as text: its cells are told apart once the delimiter is known. */
export interface CsvRecord {
  readonly kind: 'record';
  /** The record's first line, from 1. */
  readonly line: number;
  readonly text: string;
}

export type Delimiter = ',' | ';' | '\t';

const longestRecord = 256 * 1024;

/**
 * Splits a CSV file (RFC 4180) into records, holding one at a time. This is done here and not by csv-parse's stream,
 * whose limit of a record's size ends the whole file; a record that is broken or too large must stop only itself.
 */
export async function* readCsvRecords(input: FileInput): AsyncGenerator<CsvRecord | RejectedEntry> {
  let record = '';
  let start = 1;
  let quoted = false;
  let tooLarge = false;

  const take = (): CsvRecord | RejectedEntry | null => {
    const text = decodeUtf8(record);
    record = '';
    if (tooLarge) {
      tooLarge = false;
      const detail = `The row is larger than ${longestRecord} bytes, perhaps because a quotation mark is missing`;
      return rejected(start, 'payload_too_large', detail);
    }
    if (text === null) return rejected(start, 'unreadable', 'The row is not UTF-8');
    return text.trim() === '' ? null : { kind: 'record', line: start, text };
  };

  for await (const lines of readLines(input, longestRecord)) {
    for (const line of lines) {
      if (!quoted) start = line.number;
      tooLarge ||= line.cut || record.length + line.bytes.length > longestRecord;
      record = tooLarge ? '' : quoted ? `${record}\n${line.bytes}` : line.bytes;
      // Where a line is cut its quotation marks are unknown; the next line may as well begin a record.
      quoted = !line.cut && quotedAfter(line.bytes, quoted);
      if (quoted) continue;
      const taken = take();
      if (taken) yield taken;
    }
  }
  if (!quoted) return;
  yield rejected(start, 'unreadable', 'A quotation mark opens a cell in this row and none closes it');
}

const delimiters: readonly (string | undefined)[] = [',', ';', '\t'];

/** Whether a quoted cell is open at the end of a line: it closes before a delimiter or the end of a line only. */
function quotedAfter(line: string, quotedBefore: boolean): boolean {
  let quoted = quotedBefore;
  for (let at = line.indexOf('"'); at !== -1; at = line.indexOf('"', at + 1)) {
    if (!quoted) {
      quoted = at === 0 || delimiters.includes(line[at - 1]);
    } else if (line[at + 1] === '"') {
      at += 1;
    } else {
      quoted = !(at + 1 === line.length || delimiters.includes(line[at + 1]));
    }
  }
  return quoted;
}

/**
 * Tells the cells of a record apart.
 * @throws CsvError for a quotation mark at a place where none may stand
 */
export function cellsOf(record: CsvRecord, delimiter: Delimiter): string[] {
  const [cells = []] = parse(record.text, { delimiter, relax_column_count: true });
  return cells;
}
