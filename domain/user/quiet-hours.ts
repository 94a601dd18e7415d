import { Temporal } from 'temporal-polyfill';
import { toInstant } from '../dates/local-date.js';
import type { QuietHours } from './settings.js';

/**
 * When the quiet hours end that a moment lies in. They are wall time of the user's zone: over a clock change they begin and
 * end when the clock shows it, a time that the change skips moves forward by the gap, and of a time that comes twice the
 * first counts (RFC 5545 section 3.3.5), as for tasks.
 * @param quiet checked; over midnight when the end is before the start
 * @param zone a checked IANA zone
 * @param at epoch milliseconds
 * @returns epoch milliseconds, or null when it is not in quiet hours
 */
export function quietUntil(quiet: QuietHours | null, zone: string, at: number): number | null {
  if (!quiet) return null;
  const today = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate();
  const endsAfter = quiet.end < quiet.start ? 1 : 0;
  // Those that began yesterday may last until today.
  for (const day of [today.subtract({ days: 1 }), today]) {
    const begin = toInstant(`${day.toString()}T${quiet.start}`, zone);
    const end = toInstant(`${day.add({ days: endsAfter }).toString()}T${quiet.end}`, zone);
    if (begin <= at && at < end) return end;
  }
  return null;
}
