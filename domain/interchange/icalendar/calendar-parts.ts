import { TodoError } from '../../errors.js';
import { rejected, type FileInput, type RejectedEntry } from '../import-entry.js';
import { decodeUtf8, readLines, type Line } from '../lines.js';

/** What a calendar file is made of, in its order. */
export type CalendarPart = Todo | Zone | { readonly kind: 'end' } | RejectedEntry;

interface Lines {
  readonly line: number;
  /** Unfolded, from BEGIN to END. */
  readonly lines: readonly string[];
  readonly bytes: number;
}
export interface Todo extends Lines {
  readonly kind: 'todo';
  /** Names of the properties that were too long and are left out. */
  readonly tooLong: readonly string[];
}
interface Zone extends Lines {
  readonly kind: 'zone';
}

const longestComponent = 256 * 1024;
/** Escaped text may be twice as long as what it says: this is more than any field may have. */
const longestProperty = 64 * 1024;
/** A property that is only named under `lost` need not be kept whole; an attachment may have megabytes. */
const longestUnreadProperty = 1024;
const readWhole = /^(?:SUMMARY|DESCRIPTION|CATEGORIES|RRULE|UID|RDATE|EXDATE|BEGIN|END)[;:]/i;
const deepest = 8;

/**
 * Splits an iCalendar stream (RFC 5545) into its VTODO and VTIMEZONE components, holding one of them at a time.
 * Components that are no task, broken or too large are told as rejected entries.
 * @throws TodoError `unreadable` when nothing in the file is iCalendar
 */
export async function* readCalendarParts(input: FileInput): AsyncGenerator<CalendarPart> {
  const splitter = new ComponentSplitter();
  let unfolded: Unfolded | null = null;
  for await (const lines of readLines(input, longestComponent)) {
    for (const line of lines) {
      if (unfolded && /^[ \t]/.test(line.bytes)) {
        continueLine(unfolded, line);
        continue;
      }
      if (unfolded) yield* splitter.take(unfolded);
      unfolded = { number: line.number, bytes: line.bytes, cut: line.cut };
    }
  }
  if (unfolded) yield* splitter.take(unfolded);
  yield* splitter.finish();
}

interface Unfolded {
  number: number;
  bytes: string;
  cut: boolean;
}

/** RFC 5545 section 3.1 folds octets, perhaps inside a character: lines are joined before they are decoded. */
function continueLine(unfolded: Unfolded, line: Line): void {
  if (unfolded.cut) return;
  const length = unfolded.bytes.length + line.bytes.length;
  unfolded.cut = line.cut || length > (readWhole.test(unfolded.bytes) ? longestProperty : longestUnreadProperty);
  if (!unfolded.cut) unfolded.bytes += line.bytes.slice(1);
}

interface OpenComponent {
  readonly name: string;
  readonly line: number;
  readonly lines: string[];
  readonly tooLong: string[];
  /** The components that are open inside, the outermost first. */
  readonly inside: string[];
  bytes: number;
  fault: RejectedEntry | null;
}

class ComponentSplitter {
  private component: OpenComponent | null = null;
  private begun = false;

  *take(line: Unfolded): Generator<CalendarPart> {
    const [, edge, name] = /^(BEGIN|END):[ \t]*([A-Za-z0-9-]{1,60})[ \t]*$/i.exec(line.bytes) ?? [];
    if (edge === undefined || name === undefined) {
      if (this.component) keep(this.component, line);
    } else if (edge.toUpperCase() === 'BEGIN') {
      yield* this.begin(name.toUpperCase(), line);
    } else {
      yield* this.end(name.toUpperCase(), line);
    }
  }

  /** The end of the file. */
  *finish(): Generator<CalendarPart> {
    if (!this.begun) {
      throw new TodoError('unreadable', 'The file holds no iCalendar: no line begins with BEGIN:VCALENDAR.');
    }
    if (this.component) yield unended(this.component);
    yield { kind: 'end' };
  }

  private *begin(name: string, line: Unfolded): Generator<CalendarPart> {
    this.begun = true;
    const open = this.component;
    // These never stand inside an entry: the entry before was cut off.
    const outermost = name === 'VCALENDAR' || name === 'VTODO' || name === 'VTIMEZONE';
    if (open && !outermost) {
      keep(open, line);
      open.inside.push(name);
      if (open.inside.length > deepest) {
        open.fault ??= rejected(open.line, 'unreadable', `Components stand more than ${deepest} deep in each other`);
      }
      return;
    }
    if (open) yield unended(open);
    this.component = null;
    if (name === 'VCALENDAR') return;
    this.component = { name, line: line.number, lines: [], tooLong: [], inside: [], bytes: 0, fault: null };
    keep(this.component, line);
  }

  private *end(name: string, line: Unfolded): Generator<CalendarPart> {
    const open = this.component;
    if (name === 'VCALENDAR') {
      if (open) yield unended(open);
      this.component = null;
      yield { kind: 'end' };
    } else if (open) {
      keep(open, line);
      const expected = open.inside.pop();
      if (expected === undefined) this.component = null;
      if (name !== (expected ?? open.name)) {
        const detail = `Line ${line.number} says END:${name} where END:${expected ?? open.name} is due`;
        open.fault ??= rejected(open.line, 'unreadable', detail);
      }
      if (expected === undefined) yield* whole(open);
    }
  }
}

function keep(open: OpenComponent, line: Unfolded): void {
  const limit = readWhole.test(line.bytes) ? longestProperty : longestUnreadProperty;
  if (line.cut || line.bytes.length > limit) {
    const name = /^[A-Za-z0-9-]+/.exec(line.bytes)?.[0].toUpperCase();
    if (open.inside.length === 0 && name !== undefined && open.tooLong.length < 100) open.tooLong.push(name);
    return;
  }
  // What is no entry is passed over without being kept.
  const kept = open.name === 'VTODO' || open.name === 'VTIMEZONE';
  if (!kept || open.fault || line.bytes.trim() === '') return;
  open.bytes += line.bytes.length + 1;
  if (open.bytes > longestComponent) {
    open.fault = rejected(open.line, 'payload_too_large', `The entry is larger than ${longestComponent} bytes`);
    open.lines.length = 0;
    return;
  }
  open.lines.push(line.bytes);
}

function* whole(open: OpenComponent): Generator<CalendarPart> {
  const { name, line, tooLong, bytes } = open;
  const text = decodeUtf8(open.lines.join('\n'));
  if (name !== 'VTODO' && name !== 'VTIMEZONE') {
    yield rejected(line, 'not_a_task', `${name}: only tasks (VTODO) are taken`);
  } else if (open.fault || text === null) {
    // A zone that cannot be read is told by the tasks that needed it.
    if (name === 'VTODO') yield open.fault ?? rejected(line, 'unreadable', 'The entry is not UTF-8');
  } else {
    const lines = text.split('\n');
    yield name === 'VTODO' ? { kind: 'todo', line, lines, bytes, tooLong } : { kind: 'zone', line, lines, bytes };
  }
}

function unended(open: OpenComponent): RejectedEntry {
  return rejected(open.line, 'unreadable', `${open.name} begins here and never ends`);
}
