/**
 * The grammar of an RRULE value: RFC 5545 section 3.3.10 with RSCALE and SKIP of RFC 7529 section 4.
 * Whether the rule ever matches is decided by the calculation, not here.
 */
const number = (min: number, max: number) => (text: string) =>
  /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max;
const signed = (max: number) => (text: string) =>
  /^[+-]?\d+$/.test(text) && Number(text) !== 0 && Math.abs(Number(text)) <= max;
const oneOf =
  (...words: string[]) =>
  (text: string) =>
    words.includes(text);
const listOf = (check: (text: string) => boolean) => (text: string) => text.split(',').every(check);

const weekday = 'MO|TU|WE|TH|FR|SA|SU';
const weekdayPattern = new RegExp(`^(?:[+-]?\\d{1,2})?(?:${weekday})$`);

const parts: Record<string, (value: string) => boolean> = {
  FREQ: oneOf('SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'),
  INTERVAL: number(1, 100_000),
  COUNT: number(1, 1_000_000),
  UNTIL: (text) => /^\d{8}(?:T\d{6}Z?)?$/.test(text),
  WKST: oneOf(...weekday.split('|')),
  BYSECOND: listOf(number(0, 60)),
  BYMINUTE: listOf(number(0, 59)),
  BYHOUR: listOf(number(0, 23)),
  BYDAY: listOf((text) => weekdayPattern.test(text) && Math.abs(Number.parseInt(text, 10) || 1) <= 53),
  BYMONTHDAY: listOf(signed(31)),
  BYYEARDAY: listOf(signed(366)),
  BYWEEKNO: listOf(signed(53)),
  BYMONTH: listOf(number(1, 12)),
  BYSETPOS: listOf(signed(366)),
  RSCALE: oneOf('GREGORIAN'),
  SKIP: oneOf('OMIT', 'FORWARD', 'BACKWARD'),
};

/**
 * @param rule an RRULE value without the name, such as `FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD`
 * @returns what is wrong with it, naming the part, or null
 */
export function ruleSyntaxFault(rule: string): string | null {
  const seen = new Set<string>();
  for (const part of rule.split(';')) {
    const [name = '', value] = part.split('=', 2);
    const check = parts[name];
    if (value === undefined || !check) {
      return `"${part.slice(0, 40)}" is not a part of an RRULE (RFC 5545 section 3.3.10)`;
    }
    if (seen.has(name)) return `${name} stands twice`;
    if (!check(value)) return `the value of ${name} is not allowed: "${value.slice(0, 40)}"`;
    seen.add(name);
  }
  if (!seen.has('FREQ')) return 'FREQ is missing';
  if (seen.has('COUNT') && seen.has('UNTIL')) return 'COUNT and UNTIL exclude each other';
  return null;
}
