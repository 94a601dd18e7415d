import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { TodoError } from '../errors.js';
import type { ImportedFields, TaskFields } from '../task/commands.js';
import { parseNewTask } from '../task/parse-fields.js';

/** What a file of another program says is read in the light of the user who imports it. */
export interface ImportOptions {
  /** The user's own IANA zone: in it stands what names no zone. */
  readonly userZone: string;
}

/** The bytes of a file, in pieces of any size. Text pieces must not be cut inside a character. */
export type FileInput = AsyncIterable<string | Uint8Array>;

export type RejectionCode =
  /** A field breaks a rule or a limit that every task obeys. */
  | 'invalid'
  /** The entry's syntax is broken, or it is not UTF-8. */
  | 'unreadable'
  | 'payload_too_large'
  /** An event, a journal entry, a note. */
  | 'not_a_task';

/** One entry of a file. `line` is the first line of the entry, counted from 1. */
export type ImportEntry = TaskEntry | RejectedEntry;

export interface TaskEntry {
  readonly kind: 'task';
  readonly line: number;
  /** The entry's name in its file; made from its content where the file gives none. */
  readonly source_id: string;
  /** The same entry has the same task id in every import. */
  readonly task_id: string;
  readonly fields: ImportedFields;
  /** SHA-256 (hex) of the fields: equal for equal content, whatever the bytes were. */
  readonly digest: string;
  /** What a task here cannot hold, such as `LOCATION`, or what was changed to fit. */
  readonly lost: readonly string[];
}

export interface RejectedEntry {
  readonly kind: 'rejected';
  readonly line: number;
  readonly code: RejectionCode;
  readonly detail: string;
}

/** What a format's reader took from an entry, before the checks that every task passes. */
export type Draft = { readonly [K in keyof TaskFields]?: unknown } & Pick<
  ImportedFields,
  'status' | 'completed_at' | 'skipped' | 'created_at'
>;

export interface Source {
  /** The entry's name in its file, or how to make one of its content. */
  readonly id: string | ((fields: ImportedFields) => string);
  /** What the task id is derived from where the name alone is not unique. */
  readonly key?: string;
}

export function rejected(line: number, code: RejectionCode, detail: string): RejectedEntry {
  return { kind: 'rejected', line, code, detail: printable(detail, 300) };
}

/** Lets an entry in through the very checks of a create request: import never stores what REST would refuse. */
export function taskEntry(line: number, source: Source, draft: Draft, lost: Iterable<string>): ImportEntry {
  const { status, completed_at, skipped, created_at, ...written } = draft;
  try {
    const fields: ImportedFields = {
      ...parseNewTask(written),
      ...{ status, completed_at, created_at, ...(skipped && { skipped }) },
    };
    const id = typeof source.id === 'string' ? source.id : source.id(fields);
    if (id.length > 255 || /[\p{Cc}\p{Surrogate}]/u.test(id)) {
      return rejected(line, 'invalid', 'The id must be at most 255 characters on one line (RFC 7986 section 5.3)');
    }
    return {
      kind: 'task',
      line,
      source_id: id,
      task_id: taskIdOf(source.key ?? id),
      fields,
      digest: contentDigest(fields),
      lost: [...new Set([...lost].map((item) => printable(item, 120)))],
    };
  } catch (error) {
    if (error instanceof TodoError && error.code === 'invalid') return rejected(line, 'invalid', error.detail);
    throw error;
  }
}

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
// A version 4 UUID drawn once for this program; changing it would import every file anew.
const namespace = Buffer.from('5a0c2f0e6f3b4c0f9a0f3f6f1d7e4b21', 'hex');

/**
 * The task's id: the source's own when that is a UUID, else a UUID version 5 of it (RFC 9562 section 5.5).
 * @param sourceId such as a VTODO's UID
 */
export function taskIdOf(sourceId: string): string {
  if (uuidPattern.test(sourceId)) return sourceId.toLowerCase();
  const bytes = createHash('sha1').update(namespace).update(sourceId).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** SHA-256 in hex of a value's canonical JSON (RFC 8785). */
export function contentDigest(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');
}

/** Names for the entries of one file that have none: the same file gives the same names again. */
export class ContentNames {
  private readonly seen = new Map<string, number>();

  /** @param content all that tells the entry from others; equal entries are told apart by their order */
  next(content: unknown): string {
    const digest = contentDigest(content).slice(0, 32);
    const ordinal = (this.seen.get(digest) ?? 0) + 1;
    this.seen.set(digest, ordinal);
    return `${digest}-${ordinal}`;
  }
}

/**
 * A point in time as the interface has it.
 * @returns RFC 3339 in UTC; null outside the years 0001 to 9999, which it cannot write
 */
export function instantText(epochMilliseconds: number): string | null {
  const date = new Date(epochMilliseconds);
  const year = Number.isNaN(date.getTime()) ? 0 : date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? date.toISOString() : null;
}

/** Text of one line: the line breaks and tabs that other programs allow in a title become blanks. */
export function oneLine(text: string): string {
  return text.replace(/[\t\n\v\f\r\u0085]+/g, ' ').trim();
}

/** Foreign text on its way into an answer: bounded, and without control characters and halves of characters. */
export function printable(text: string, length: number): string {
  const line = text.replace(/\p{Cc}+|\p{Surrogate}/gu, ' ');
  // By code points, so that no half of a surrogate pair is left at the cut.
  return line.length <= length ? line : `${[...line.slice(0, length)].slice(0, -1).join('')}…`;
}
