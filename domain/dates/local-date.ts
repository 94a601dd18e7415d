import { Temporal } from 'temporal-polyfill';

const localPattern = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** True for `2026-11-30`. */
export function isDateOnly(local: string): boolean {
  return !local.includes('T');
}

/**
 * Checks a wall-clock date `2026-11-30` or date-time `2026-11-30T09:00[:30]`.
 * @returns what is wrong with it, or null when it is a real moment of the calendar
 */
export function localDateFault(local: string): string | null {
  const match = localPattern.exec(local);
  if (!match) {
    return 'must be a date like 2026-11-30 or a local date-time like 2026-11-30T09:00, without offset; the zone goes into time_zone';
  }
  const [, year = '', month = '', day = '', hour = '0', minute = '0', second = '0'] = match;
  if (year === '0000') return 'the year must be between 0001 and 9999';
  try {
    Temporal.PlainDateTime.from(
      { year: +year, month: +month, day: +day, hour: +hour, minute: +minute, second: +second },
      { overflow: 'reject' },
    );
    return null;
  } catch {
    return 'is not a date or time of the calendar';
  }
}

const knownZones = new Map<string, boolean>();

/** True for a name of the IANA time zone database (`Europe/Berlin`, `UTC`); offsets such as `+01:00` are none. */
export function isTimeZone(zone: string): boolean {
  if (zone.length > 64 || !/^[A-Za-z]/.test(zone)) return false;
  let known = knownZones.get(zone);
  if (known === undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone });
      known = true;
    } catch {
      known = false;
    }
    // Bounded by the number of zones: a name that is not one is not remembered.
    if (known) knownZones.set(zone, known);
  }
  return known;
}

/**
 * The instant of a wall time. A time that a clock change skips moves forward by the gap, a time that comes twice is
 * the first (RFC 5545 section 3.3.5); a date without time is its first moment.
 * @param local a checked local date or date-time
 * @param zone a checked IANA zone
 * @returns epoch milliseconds
 */
export function toInstant(local: string, zone: string): number {
  if (isDateOnly(local)) {
    return Temporal.PlainDate.from(local).toZonedDateTime({ timeZone: zone }).epochMilliseconds;
  }
  return Temporal.PlainDateTime.from(local).toZonedDateTime(zone, { disambiguation: 'compatible' })
    .epochMilliseconds;
}

const durationPattern =
  /^P(?!$)(?:(\d{1,3})W|(?:(\d{1,3})D)?(?:T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?)$/;

/** What is wrong with a duration such as `PT15M`, `P1D`, `P1DT2H` or `P2W` (RFC 5545 section 3.3.6), or null. */
export function durationFault(duration: string): string | null {
  return durationPattern.test(duration)
    ? null
    : 'must be a duration like PT15M, PT2H, P1D or P1W (RFC 5545 section 3.3.6), not negative';
}
