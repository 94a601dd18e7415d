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
  const real = +day >= 1 && +day <= daysInMonth(+year, +month) && +hour <= 23 && +minute <= 59 && +second <= 59;
  return real ? null : 'is not a date or time of the calendar';
}

/** Counted here and not by Temporal: each field of each request and imported entry comes by. */
function daysInMonth(year: number, month: number): number {
  if (month !== 2) return [0, 31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month] ?? 0;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
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
  if (zone === 'UTC') return Date.parse(isDateOnly(local) ? local : `${local}Z`);
  if (isDateOnly(local)) {
    return Temporal.PlainDate.from(local).toZonedDateTime({ timeZone: zone }).epochMilliseconds;
  }
  return Temporal.PlainDateTime.from(local).toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds;
}

/**
 * The wall time of an instant, the inverse of {@link toInstant}.
 * @param epochMilliseconds what is less than a second is dropped
 * @param zone a checked IANA zone
 * @returns `2026-11-30T09:00`, with seconds only when they are not zero
 */
export function toLocal(epochMilliseconds: number, zone: string): string {
  const wall = Temporal.Instant.fromEpochMilliseconds(epochMilliseconds).toZonedDateTimeISO(zone).toPlainDateTime();
  return wall.toString({ smallestUnit: wall.second === 0 ? 'minute' : 'second', roundingMode: 'floor' });
}

/**
 * A wall time and a duration later: days and weeks are those of the calendar, hours and less are exact over a clock
 * change (RFC 5545 section 3.3.6).
 * @param local a checked local date or date-time; a date stays one unless hours are added
 * @param duration a checked duration
 * @param zone a checked IANA zone
 */
export function addDuration(local: string, duration: string, zone: string): string {
  if (isDateOnly(local) && !duration.includes('T')) return Temporal.PlainDate.from(local).add(duration).toString();
  const { epochMilliseconds } = Temporal.PlainDateTime.from(local).toZonedDateTime(zone).add(duration);
  return toLocal(epochMilliseconds, zone);
}

const durationPattern =
  /^P(?!$)(?:(\d{1,3})W|(?:(\d{1,3})D)?(?:T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?)$/;

/** What is wrong with a duration such as `PT15M`, `P1D`, `P1DT2H` or `P2W` (RFC 5545 section 3.3.6), or null. */
export function durationFault(duration: string): string | null {
  return durationPattern.test(duration)
    ? null
    : 'must be a duration like PT15M, PT2H, P1D or P1W (RFC 5545 section 3.3.6), not negative';
}
