import { localDateFault, toInstant } from '../../domain/dates/local-date.js';

/** A bound on when tasks are due: an instant, or wall time in the user's own zone. */
export type DueBound = { readonly instant: Date } | { readonly local: string };

// RFC 3339. A `+` that was not percent-encoded arrives as a space.
const instantPattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+ -](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** @returns the bound, or what is wrong with the text */
export function parseDueBound(text: string): DueBound | { readonly fault: string } {
  const [, local, fraction = '', offset] = instantPattern.exec(text) ?? [];
  const fault = localDateFault((local ?? text).toUpperCase());
  if (local === undefined || offset === undefined) {
    return fault === null
      ? { local: text }
      : {
          fault:
            'must be a date, a local date-time, or a time with offset: 2026-11-30, 2026-11-30T09:00, 2026-11-30T09:00:00Z',
        };
  }
  if (fault !== null) return { fault };
  return { instant: new Date(`${local}${fraction.slice(0, 4)}${offset.replace(' ', '+')}`.toUpperCase()) };
}

/** The instant of a bound; a date is its first moment. */
export function instantOf(bound: DueBound, userZone: string): Date {
  return 'instant' in bound ? bound.instant : new Date(toInstant(bound.local, userZone));
}
