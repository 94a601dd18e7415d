import { recurrenceWords, type Recurrence, type RecurrenceWord } from '../../task/task.js';
import { acceptRule, tidyRule } from '../foreign-rule.js';
import { first, rawRule, valueOf, type Component, type Property } from './jcal.js';

/** The rule of a task without a due date: RFC 5545 section 3.8.5.3 has no RRULE without a start. */
const undatedRule = 'x-todo-chatbot-rrule';
const wordName = 'x-todo-chatbot-repeat';
const basis = 'x-todo-chatbot-basis';
const catchUp = 'x-todo-chatbot-catch-up';

/**
 * Reads how a VTODO repeats.
 * @param due the due date as it was read
 * @param lost takes a rule that is none of RFC 5545 and 7529
 */
export function readRecurrence(todo: Component, due: string | null, lost: string[]): Recurrence | null {
  const written = tidyRule(valueOf(first(todo, rawRule) ?? first(todo, undatedRule)));
  // A word counts only while the rule beside it is the word's own: other programs change the one and leave the other.
  const named = recurrenceWords.find((candidate) => candidate === valueOf(first(todo, wordName)));
  if (named && written === ruleOfWord(named, due)) return named;
  const rule = acceptRule(written, 'RRULE', lost);
  if (rule === null) return null;
  return {
    rule,
    basis: valueOf(first(todo, basis)) === 'completion' ? 'completion' : 'due_date',
    catch_up: valueOf(first(todo, catchUp)) === 'all' ? 'all' : 'next',
  };
}

/** Writes how a task repeats. */
export function recurrenceProperties(recurrence: Recurrence, due: string | null): Property[] {
  const isWord = typeof recurrence === 'string';
  const rule = isWord ? ruleOfWord(recurrence, due) : recurrence.rule;
  const properties: Property[] =
    due === null ? [[undatedRule, {}, 'unknown', rule]] : [['rrule', {}, 'recur', ruleParts(rule)]];
  if (isWord) return [...properties, [wordName, {}, 'unknown', recurrence]];
  if (recurrence.basis !== 'due_date') properties.push([basis, {}, 'unknown', recurrence.basis]);
  if (recurrence.catch_up !== 'next') properties.push([catchUp, {}, 'unknown', recurrence.catch_up]);
  return properties;
}

/**
 * The word as a rule for other programs. A month that is short takes its last day; for the 29th and 30th RFC 5545 can
 * say that only with BYSETPOS, which ical.js and so Nextcloud read as three days a month: those leave February out.
 */
function ruleOfWord(word: RecurrenceWord, due: string | null): string {
  if (word === 'monthly' && due?.slice(8, 10) === '31') return 'FREQ=MONTHLY;BYMONTHDAY=-1';
  if (word === 'yearly' && due?.slice(5, 10) === '02-29') return 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1';
  return `FREQ=${word.toUpperCase()}`;
}

/** A rule as jCal has it: by its parts, UNTIL in the long form. */
function ruleParts(rule: string): Record<string, string> {
  return Object.fromEntries(
    rule.split(';').map((part) => {
      const [name = '', value = ''] = part.split('=', 2);
      const long = value.replace(/^(\d{4})(\d\d)(\d\d)/, '$1-$2-$3').replace(/T(\d\d)(\d\d)(\d\d)/, 'T$1:$2:$3');
      return [name.toLowerCase(), name === 'UNTIL' ? long : value];
    }),
  );
}
