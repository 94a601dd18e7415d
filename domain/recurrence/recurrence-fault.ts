import type { Recurrence } from '../task/task.js';
import { wallSeconds } from './civil-days.js';
import { Calculation } from './calculation.js';
import { parseRule, ruleText, withoutParts } from './parse-rule.js';
import { ruleSyntaxFault } from './rule-syntax.js';

/** What is looked for where no due date says where to begin. */
const anyStart = '2000-01-01T00:00';

/**
 * Why a recurrence can not be taken in, for people, or null: its rule is none, it never matches, or nothing comes after
 * the due date before the year 10000. Names the parts that make it so. For what people write: a task that is stored or
 * imported keeps the rule that it has, which then ends its series.
 * @param dueDate a checked local date or date-time; null: the rule counts from whenever it is completed
 * @param zone a checked IANA zone
 */
export function recurrenceFault(recurrence: Recurrence, dueDate: string | null, zone: string): string | null {
  const text = ruleText(recurrence);
  const syntax = ruleSyntaxFault(text);
  if (syntax !== null) return syntax;
  if (dueDate === null) return neverFault(withoutParts(text, 'COUNT', 'UNTIL', 'INTERVAL'), anyStart);

  const { frequency } = parseRule(text);
  if (!dueDate.includes('T') && ['HOURLY', 'MINUTELY', 'SECONDLY'].includes(frequency)) {
    return `FREQ=${frequency} needs a due date with a time`;
  }
  const endless = withoutParts(text, 'COUNT', 'UNTIL');
  if (!hasSlot(endless, dueDate, 'UTC')) {
    // What would not match from anywhere is not the fault of where it begins.
    return neverFault(withoutParts(endless, 'INTERVAL'), anyStart) ?? neverFault(endless, dueDate);
  }
  if (!hasSlot(withoutParts(text, 'COUNT'), dueDate, zone)) {
    return `${part(text, 'UNTIL')} lies before the first date that the rule gives`;
  }
  return endless === text && !hasSecond(text, dueDate)
    ? `nothing comes after the due date before the year 10000: ${part(text, 'INTERVAL') || text} reaches beyond it`
    : null;
}

/** Names what keeps a rule without COUNT and UNTIL from ever matching: each part without which it would match. */
function neverFault(rule: string, start: string): string | null {
  if (hasSlot(rule, start, 'UTC')) return null;
  const limits = rule.split(';').filter((each) => !/^(?:FREQ|WKST|SKIP|RSCALE)=/.test(each));
  const culprits = limits.filter((each) => hasSlot(withoutParts(rule, each.split('=', 1)[0] ?? ''), start, 'UTC'));
  const named = culprits.length > 0 ? culprits : limits;
  const last = named.at(-1) ?? rule;
  return named.length > 1
    ? `${named.slice(0, -1).join(', ')} and ${last} together never match before the year 10000`
    : `${last} never matches before the year 10000`;
}

function hasSlot(rule: string, start: string, zone: string): boolean {
  return new Calculation(parseRule(rule), start, zone).first() < Number.POSITIVE_INFINITY;
}

function hasSecond(rule: string, start: string): boolean {
  return new Calculation(parseRule(rule), start, 'UTC').after(wallSeconds(start)) < Number.POSITIVE_INFINITY;
}

function part(rule: string, name: string): string {
  return rule.split(';').find((each) => each.startsWith(`${name}=`)) ?? '';
}
