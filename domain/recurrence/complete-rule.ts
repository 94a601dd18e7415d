import { civilDate, secondsOfDay, weekday } from './civil-days.js';
import type { Rule } from './parse-rule.js';

/**
 * Fills in what the rule leaves to its start (RFC 5545 section 3.3.10: "Information, not contained in the rule, necessary
 * to determine the various recurrence instance start time and dates are derived from the Start Time").
 * @param anchor wall seconds of the start
 * @param allDay the start is a date: BYHOUR, BYMINUTE and BYSECOND are then ignored (the same section)
 */
export function completeRule(rule: Rule, anchor: number, allDay: boolean): Rule {
  const day = Math.floor(anchor / secondsOfDay);
  const time = anchor - day * secondsOfDay;
  const { frequency } = rule;
  const orOwn = (written: readonly number[], own: number, isStep: boolean): readonly number[] => {
    if (allDay) return isStep ? [] : [own];
    return written.length > 0 || isStep ? written : [own];
  };
  return {
    ...rule,
    ...daysOfStart(rule, day),
    bySecond: orOwn(rule.bySecond, time % 60, frequency === 'SECONDLY'),
    byMinute: orOwn(rule.byMinute, Math.floor(time / 60) % 60, frequency === 'SECONDLY' || frequency === 'MINUTELY'),
    byHour: orOwn(rule.byHour, Math.floor(time / 3600), stepFrequencies.has(frequency)),
  };
}

const stepFrequencies: ReadonlySet<string> = new Set(['SECONDLY', 'MINUTELY', 'HOURLY']);

function daysOfStart(rule: Rule, start: number): Partial<Rule> {
  if (rule.byDay.length + rule.byMonthDay.length + rule.byYearDay.length > 0) return {};
  const { month, day } = civilDate(start);
  const sameWeekday = { byDay: [{ weekday: weekday(start), nth: 0 }] };
  switch (rule.frequency) {
    case 'YEARLY':
      if (rule.byWeekNo.length > 0) return sameWeekday;
      return { byMonthDay: [day], byMonth: rule.byMonth.length > 0 ? rule.byMonth : [month] };
    case 'MONTHLY':
      return { byMonthDay: [day] };
    case 'WEEKLY':
      return rule.byWeekNo.length > 0 ? {} : sameWeekday;
    case 'DAILY':
    case 'HOURLY':
    case 'MINUTELY':
    case 'SECONDLY':
      return {};
  }
}
