import { isDeepStrictEqual } from 'node:util';
import { groupBy, isChange, type Content, type EventRow, type Json } from './checker.js';
import { remindersOf } from './checker-series.js';
import type { Outages } from './outages.js';
import type { ReminderLine } from './reminder-lines.js';

export interface ReminderFigures {
  /** Reminders that were planned, that came, that were cancelled before. */
  readonly planned: number;
  readonly due: number;
  readonly cancelled: number;
  /** Of those that came: by a second or more after their time, and those whose time came while everything was down. */
  readonly late: number;
  readonly dueWhileDown: number;
  readonly longestLateSeconds: number;
  /** Lines that came again after the process died that had written them and not said so. */
  readonly linesAgain: number;
  /** Lines that died with the process through which they come. */
  readonly linesLost: number;
}

/** What was seen and done outside the database. */
export interface Seen {
  readonly lines: readonly ReminderLine[];
  readonly outages: Outages;
  /** What each successor follows from. */
  readonly bases: ReadonlyMap<EventRow, EventRow>;
}

/** A reminder as the history has it. */
interface Known {
  readonly event: EventRow;
  readonly detail: Json;
  readonly at: number;
  status: 'pending' | 'due' | 'cancelled';
  due: EventRow | null;
  delivered: EventRow | null;
}

/** So much later than it says a line may come: it passes through processes that faults make stand still, in seconds. */
const linesTakeSeconds = 60;
/** Around the death of a process: what it had read and not passed on, and what was written before others knew, in milliseconds. */
const lostWithinMs = 5_000;

/**
 * Each reminder comes once, never before its time, and says how late it is; one that was cancelled before does not come.
 * Tables and lines say what the events say.
 */
export function checkReminders(content: Content, seen: Seen): { faults: string[]; figures: ReminderFigures } {
  const faults: string[] = [];
  const known = new Map<string, Known>();
  for (const own of groupBy(content.events, ({ user_id }) => user_id).values()) readHistory(own, seen, known, faults);
  checkRows(content, known, faults);
  const inLines = checkLines(seen, known, faults);

  const all = [...known.values()];
  const due = all.flatMap((one) => (one.due ? [{ ...one, due: one.due }] : []));
  const lateness = due.map((one) => Number(one.due.detail?.['late_by_seconds']));
  const { downs } = seen.outages;
  const whileDown = due.filter(({ at }) => downs.some(({ from, to }) => at > from && at < to));
  for (const { due: event, at } of whileDown) {
    const down = downs.find(({ from, to }) => at > from && at < to);
    const late = Number(event.detail?.['late_by_seconds']);
    if (down && late < Math.floor((down.to - at) / 1000)) {
      faults.push(`${about(event)}: it says ${late} s late, and everything was down until ${iso(down.to)}`);
    }
  }
  const figures = {
    planned: all.length,
    due: due.length,
    cancelled: all.filter(({ status }) => status === 'cancelled').length,
    late: lateness.filter((seconds) => seconds > 0).length,
    dueWhileDown: whileDown.length,
    longestLateSeconds: Math.max(0, ...lateness),
    ...inLines,
  };
  return { faults, figures };
}

/** What the changes of a user's tasks plan and cancel, against what the facts say. */
function readHistory(own: readonly EventRow[], seen: Seen, known: Map<string, Known>, faults: string[]): void {
  const last = new Map<string, EventRow>();
  const expected = new Set<EventRow>();
  const byName = new Map<string, Known>();
  for (const [place, event] of own.entries()) {
    const fault = (what: string) => faults.push(`${about(event)}: ${what}`);
    if (isChange(event)) {
      const held = instantsOf(last.get(event.task_id)?.task ?? null);
      const wanted = instantsOf(event.task);
      last.set(event.task_id, event);
      const earliest = (seen.bases.get(event) ?? event).occurred_at.getTime();
      const cancels = [...held].filter(([name]) => !wanted.has(name) && byName.get(name)?.status === 'pending');
      const plans = [...wanted].filter(
        ([name, { at }]) => !held.has(name) && at >= earliest && !isOneOf(byName.get(name)?.status, 'pending', 'due'),
      );
      const facts: EventRow[] = [];
      for (let next = place + 1; isPartOf(own[next], event); next += 1) {
        const fact = own[next];
        if (fact && isPlan(fact)) facts.push(fact);
      }
      for (const fact of facts) expected.add(fact);
      const said = (type: string) =>
        facts
          .filter((fact) => fact.type === type)
          .map(nameOf)
          .sort();
      const names = (some: readonly (readonly [string, unknown])[]) => some.map(([name]) => name).sort();
      for (const [type, some] of [
        ['REMINDER_CANCELLED', cancels],
        ['REMINDER_SCHEDULED', plans],
      ] as const) {
        if (!isDeepStrictEqual(said(type), names(some))) {
          fault(`${type} of [${said(type).join('; ')}], and not of [${names(some).join('; ')}]`);
        }
      }
      continue;
    }
    const { detail } = event;
    if (!event.type.startsWith('REMINDER_') || !detail) continue;
    const id = String(detail['reminder_id']);
    const reminder = known.get(id);
    switch (event.type) {
      case 'REMINDER_SCHEDULED': {
        if (!expected.has(event)) fault('no change planned it');
        if (reminder && nameOf(reminder.event) !== nameOf(event)) fault('its id is that of another reminder');
        const at = Date.parse(String(detail['due_at']));
        const made: Known = { event, detail, at, status: 'pending', due: null, delivered: null };
        known.set(id, made);
        byName.set(nameOf(event), made);
        break;
      }
      case 'REMINDER_CANCELLED':
        if (!expected.has(event)) fault('no change cancelled it');
        if (reminder) reminder.status = 'cancelled';
        break;
      case 'REMINDER_DUE': {
        if (reminder?.status !== 'pending') fault(`it comes, and is ${reminder?.status}`);
        if (!reminder) break;
        const lateMs = event.occurred_at.getTime() - reminder.at;
        if (lateMs < 0) fault(`it came ${-lateMs} ms too early`);
        if (!isDeepStrictEqual(detail, { ...reminder.detail, late_by_seconds: Math.floor(lateMs / 1000) })) {
          fault(`it says ${JSON.stringify(detail)} at ${iso(event.occurred_at.getTime())}`);
        }
        reminder.status = 'due';
        reminder.due ??= event;
        break;
      }
      case 'REMINDER_DELIVERED': {
        if (!reminder?.due) fault('it had not come due');
        if (!reminder) break;
        if (reminder.delivered) fault('it was delivered before');
        const late_by_seconds = Math.floor((Date.parse(String(detail['delivered_at'])) - reminder.at) / 1000);
        const said = { ...reminder.detail, channel: 'log', delivered_at: detail['delivered_at'], late_by_seconds };
        if (!isDeepStrictEqual(detail, said))
          fault(`it says ${JSON.stringify(detail)}, and not ${JSON.stringify(said)}`);
        reminder.delivered ??= event;
        break;
      }
    }
  }
}

/** Every planned one is there with what became of it, none waits whose time has come, and the log channel has each that came. */
function checkRows(
  { reminders, deliveries, readAt }: Content,
  known: ReadonlyMap<string, Known>,
  faults: string[],
): void {
  if (reminders.length !== known.size)
    faults.push(`${reminders.length} reminders in the table, ${known.size} by the events`);
  const ofReminder = groupBy(deliveries, (row) => String(row['reminder_id']));
  for (const row of reminders) {
    const id = String(row['reminder_id']);
    const reminder = known.get(id);
    if (!reminder) {
      faults.push(`reminder ${id} is in no event`);
      continue;
    }
    const { event, detail, status, due, delivered } = reminder;
    const expected = {
      user_id: event.user_id,
      task_id: event.task_id,
      ...detail,
      status,
      fired_at: due ? iso(due.occurred_at.getTime()) : null,
      late_by_seconds: due?.detail?.['late_by_seconds'] ?? null,
    };
    if (!isDeepStrictEqual(row, expected))
      faults.push(`a reminder is ${JSON.stringify(row)}, by its events ${JSON.stringify(expected)}`);
    if (status === 'pending' && reminder.at <= readAt)
      faults.push(`reminder ${id} has not come: ${JSON.stringify(row)}`);
    if (due && !delivered) faults.push(`${about(due)}: no REMINDER_DELIVERED`);
    const sent = ofReminder.get(id) ?? [];
    const said = sent.map(({ channel, status, delivered_at, late_by_seconds }) => ({
      channel,
      status,
      delivered_at,
      late_by_seconds,
    }));
    const { channel, delivered_at, late_by_seconds } = delivered?.detail ?? {};
    const wanted = delivered ? [{ channel, status: 'delivered', delivered_at, late_by_seconds }] : [];
    if (!isDeepStrictEqual(said, wanted))
      faults.push(`reminder ${id} went out as ${JSON.stringify(said)}, not ${JSON.stringify(wanted)}`);
  }
}

/**
 * A line for each that came, and a second one only where whoever wrote the first died before it could say so: then the other
 * that takes it over cannot know.
 */
function checkLines(
  { lines, outages }: Seen,
  known: ReadonlyMap<string, Known>,
  faults: string[],
): Pick<ReminderFigures, 'linesAgain' | 'linesLost'> {
  const byReminder = groupBy(lines, ({ reminder_id }) => reminder_id);
  let linesAgain = 0;
  let linesLost = 0;
  for (const [id, own] of byReminder) {
    const reminder = known.get(id);
    const fault = (what: string) => faults.push(`the line of ${id}: ${what}: ${JSON.stringify(own)}`);
    if (!reminder?.due) {
      fault('it never came due');
      continue;
    }
    const { due, delivered, event, detail, at } = reminder;
    for (const { user_id, task_id, occurrence, due_at, late_by_seconds: late, seenAt, delivery_id } of own) {
      const said = { user_id, task_id, occurrence, due_at };
      const wanted = {
        user_id: event.user_id,
        task_id: event.task_id,
        occurrence: detail['occurrence'],
        due_at: detail['due_at'],
      };
      if (!isDeepStrictEqual(said, wanted)) fault(`it is about ${JSON.stringify(wanted)}`);
      if (delivery_id !== own[0]?.delivery_id) fault('it has another name each time');
      const seen = Math.floor((seenAt - at) / 1000);
      const least = Number(due.detail?.['late_by_seconds']);
      if (late < least || late > seen || late < seen - linesTakeSeconds) {
        fault(`it says ${late} s late, came due ${least} s late and was seen ${seen} s late`);
      }
    }
    for (const [place, again] of own.slice(1).entries()) {
      const before = own[place];
      const isTold = outages.sendersEnded.some((ended) => before && ended >= before.time && ended <= again.time);
      const wasSaid = delivered && delivered.occurred_at.getTime() < again.time;
      linesAgain += 1;
      if (!isTold || wasSaid) fault(wasSaid ? 'it came again after it was delivered' : 'it came again for no reason');
    }
  }
  for (const [id, { due, delivered }] of known) {
    if (!due || byReminder.has(id)) continue;
    const at = Date.parse(String(delivered?.detail?.['delivered_at']));
    if (outages.outputsLost.some((lost) => Math.abs(lost - at) < lostWithinMs)) linesLost += 1;
    else faults.push(`${about(due)}: no line was printed`);
  }
  return { linesAgain, linesLost };
}

/** The reminders of a task while it is open, by name. */
function instantsOf(task: Json | null): Map<string, { readonly at: number }> {
  const all = new Map<string, { readonly at: number }>();
  if (task?.['status'] !== 'open') return all;
  for (const reminder of remindersOf(task)) {
    const at = instantOf(reminder, task);
    all.set(named(task['id'], task['occurrence'], reminder, iso(at)), { at });
  }
  return all;
}

/** Of what the load uses: a moment, or seconds before the due date, in UTC. */
function instantOf(reminder: Json, { due_date, time_zone }: Json): number {
  const [, seconds] = /^PT(\d+)S$/.exec(String(reminder['before'])) ?? [];
  const at =
    'at' in reminder
      ? Date.parse(`${String(reminder['at'])}Z`)
      : Date.parse(`${String(due_date)}Z`) - Number(seconds) * 1000;
  if (time_zone !== 'UTC' || Number.isNaN(at)) throw new Error(`the checker does not know ${JSON.stringify(reminder)}`);
  return at;
}

const named = (task: unknown, occurrence: unknown, reminder: unknown, due: unknown): string =>
  `${String(task)} ${String(occurrence)} ${JSON.stringify(reminder)} ${String(due)}`;
const nameOf = ({ task_id, detail }: EventRow): string =>
  named(task_id, detail?.['occurrence'], detail?.['reminder'], detail?.['due_at']);

/** Whether a fact was committed with a change. */
const isPartOf = (fact: EventRow | undefined, change: EventRow): boolean =>
  fact !== undefined &&
  !isChange(fact) &&
  fact.task_id === change.task_id &&
  fact.version === change.version &&
  fact.actor === change.actor &&
  fact.occurred_at.getTime() === change.occurred_at.getTime();

const isPlan = ({ type }: EventRow): boolean => isOneOf(type, 'REMINDER_SCHEDULED', 'REMINDER_CANCELLED');

function isOneOf<Name extends string>(name: string | undefined, ...names: readonly Name[]): boolean {
  return names.some((one) => one === name);
}

const about = ({ user_id, seq, type }: EventRow): string => `${user_id} seq ${seq} (${type})`;
const iso = (at: number): string => new Date(at).toISOString();
