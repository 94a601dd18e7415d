import { durationFault, isTimeZone, localDateFault } from '../dates/local-date.js';
import { TodoError, type InputError } from '../errors.js';
import { recurrenceFault } from '../recurrence/recurrence-fault.js';
import { validator } from '../validation.js';
import type { TaskFields } from './commands.js';
import { limits, newTaskSchema, taskPatchSchema } from './schema.js';
import type { Recurrence, RecurrenceRule, Reminder } from './task.js';

type Written = {
  -readonly [K in keyof TaskFields]?: K extends 'recurrence'
    ? Exclude<Recurrence, RecurrenceRule> | (Partial<RecurrenceRule> & { rule: string }) | null
    : TaskFields[K];
};

const validNewTask = validator<Written & { title: string }>(newTaskSchema);
const validPatch = validator<{ [K in keyof Written]?: Written[K] | null }>(taskPatchSchema);

const defaults: Omit<TaskFields, 'title'> = {
  description: '',
  priority: 'none',
  tags: [],
  due_date: null,
  time_zone: null,
  recurrence: null,
  reminders: [],
};

/**
 * Turns the body of a create request into fields that may be trusted.
 * @throws TodoError `invalid` that names every fault
 */
export function parseNewTask(body: unknown): TaskFields {
  return { ...defaults, ...normalised(validNewTask(body)) };
}

/**
 * Turns a JSON merge patch (RFC 7396) into the fields that change; null becomes the field's default.
 * @throws TodoError `invalid` that names every fault
 */
export function parsePatch(body: unknown): Partial<TaskFields> {
  const patch: Record<string, unknown> = { ...validPatch(body) };
  for (const key of Object.keys(defaults) as (keyof typeof defaults)[]) {
    if (patch[key] === null) patch[key] = defaults[key];
  }
  return normalised(patch as Written);
}

function normalised<T extends Written>(written: T): T & Partial<TaskFields> {
  const faults: InputError[] = [];
  const fault = (pointer: string, detail: string | null): void => {
    if (detail !== null) faults.push({ pointer, detail });
  };
  const out: Record<string, unknown> = { ...written };

  if (written.title !== undefined) {
    const title = written.title.normalize('NFC').trim();
    fault('/title', lineFault(title, limits.title));
    out['title'] = title;
  }
  if (written.description !== undefined) {
    const description = written.description.normalize('NFC').replace(/\r\n?/g, '\n');
    fault('/description', textFault(description));
    out['description'] = description;
  }
  if (written.tags !== undefined) {
    const tags = written.tags.map((tag) => tag.normalize('NFC').trim());
    tags.forEach((tag, index) => fault(`/tags/${index}`, lineFault(tag, limits.tag)));
    out['tags'] = [...new Set(tags)];
  }
  if (written.due_date != null) fault('/due_date', localDateFault(written.due_date));
  if (written.time_zone != null && !isTimeZone(written.time_zone)) {
    fault('/time_zone', 'is not a zone of the IANA database; write for example Europe/Berlin');
  }
  if (written.recurrence != null && typeof written.recurrence === 'object') {
    const rule = written.recurrence.rule.toUpperCase().replace(/^RRULE:/, '');
    const { basis = 'due_date', catch_up = 'next' } = written.recurrence;
    const recurrence: RecurrenceRule = { rule, basis, catch_up };
    // Whether it fits the due date, which may be the task's, is decided where the task is known.
    fault('/recurrence/rule', recurrenceFault(recurrence, null, 'UTC'));
    out['recurrence'] = recurrence;
  }
  written.reminders?.forEach((reminder, index) => fault(...reminderFault(reminder, index)));

  if (faults.length > 0) throw new TodoError('invalid', faultSummary(faults), faults);
  return out as T & Partial<TaskFields>;
}

function reminderFault(reminder: Reminder, index: number): [string, string | null] {
  return 'before' in reminder
    ? [`/reminders/${index}/before`, durationFault(reminder.before)]
    : [
        `/reminders/${index}/at`,
        reminder.at.includes('T') ? localDateFault(reminder.at) : 'must be a local date-time like 2026-11-29T18:00',
      ];
}

// C0, DEL and C1; what a description may hold of them is \n and \t.
// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f]/;
// eslint-disable-next-line no-control-regex
const controlInText = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
const loneSurrogate = /\p{Surrogate}/u;

function lineFault(line: string, maximum: number): string | null {
  if (line === '') return 'must not be empty';
  if (control.test(line)) return 'must not contain control characters such as line breaks';
  if (loneSurrogate.test(line)) return 'contains half of a surrogate pair, which is not Unicode text';
  // NFC can lengthen text: count again, in code points as JSON Schema does.
  if (line.length > maximum && [...line].length > maximum) return `must not be longer than ${maximum} characters`;
  return null;
}

function textFault(text: string): string | null {
  if (controlInText.test(text)) return 'must not contain control characters other than line break and tab';
  if (loneSurrogate.test(text)) return 'contains half of a surrogate pair, which is not Unicode text';
  if (Buffer.byteLength(text) > limits.description) {
    return `must not be longer than ${limits.description} bytes in UTF-8`;
  }
  return null;
}

/** One sentence for people; the list is for programs. */
export function faultSummary(faults: readonly InputError[]): string {
  const [first] = faults;
  if (!first) return 'The request is not valid.';
  const rest = faults.length - 1;
  const where = first.pointer === '' ? 'The body' : first.pointer;
  return `${where} ${first.detail}${rest > 0 ? ` (and ${rest} more)` : ''}`;
}
