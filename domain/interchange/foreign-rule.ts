import { recurrenceFault } from '../recurrence/recurrence-fault.js';

/** An RRULE as other programs write it, without small letters, blanks and a semicolon at the end. */
export function tidyRule(rule: string): string {
  return rule
    .toUpperCase()
    .replace(/^RRULE:/, '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join(';');
}

/**
 * Takes a rule if it is one; else the task comes in without it.
 * @param rule a tidy rule, empty where there is none
 * @param name how the file calls it
 * @param lost takes a rule that is none of RFC 5545 and 7529, or never matches
 */
export function acceptRule(rule: string, name: string, lost: string[]): string | null {
  if (rule === '') return null;
  const fault = recurrenceFault({ rule, basis: 'due_date', catch_up: 'next' }, null, 'UTC');
  if (fault === null) return rule;
  lost.push(`${name}: ${fault}`);
  return null;
}
