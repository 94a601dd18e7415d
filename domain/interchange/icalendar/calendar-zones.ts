import ICAL from 'ical.js';
import { findIana } from 'windows-iana';
import { isTimeZone, localDateFault, toLocal } from '../../dates/local-date.js';
import { all, first, parameter, valueOf, type Component, type Property } from './jcal.js';

/** What a TZID stands for: a zone of the IANA database, or one that only the file's VTIMEZONE defines. */
export type CalendarZone =
  | { readonly kind: 'iana'; readonly zone: string }
  /** `toUtc` gives the UTC wall time of a checked local date-time; null where the definition does not reach. */
  | { readonly kind: 'defined'; readonly toUtc: (local: string) => string | null };

/** A file that defines more zones of its own than this is no person's. */
const mostZones = 10;
const mostNames = 1000;

/** The zones that the VTIMEZONE components of one file tell of. */
export class CalendarZones {
  private readonly zones = new Map<string, CalendarZone>();
  /** What the names alone say, as the runtime takes long to find that a name is none. */
  private readonly named = new Map<string, CalendarZone | null>();

  /** Takes in a VTIMEZONE; one whose TZID says enough by itself, or that cannot be used, is left out. */
  define(component: Component): void {
    const tzid = valueOf(first(component, 'tzid'));
    if (tzid === '' || this.zones.size >= mostZones || this.find(tzid)) return;
    const location = valueOf(first(component, 'x-lic-location'));
    if (isTimeZone(location)) this.zones.set(tzid, { kind: 'iana', zone: location });
    else if (isPlain(component)) this.zones.set(tzid, { kind: 'defined', toUtc: converter(recent(component)) });
  }

  /** null: neither the name nor the file says, or not yet. */
  find(tzid: string): CalendarZone | null {
    let named = this.named.get(tzid);
    if (named === undefined) {
      const zone = ianaNameIn(tzid);
      named = zone === null ? null : { kind: 'iana', zone };
      if (this.named.size >= mostNames) this.named.clear();
      this.named.set(tzid, named);
    }
    return named ?? this.zones.get(tzid) ?? null;
  }
}

/** `Europe/Berlin`, `/freeassociation.sourceforge.net/Europe/Berlin` or `W. Europe Standard Time`. */
function ianaNameIn(tzid: string): string | null {
  const segments = tzid.split('/').slice(-5);
  // The longest name first: America/Argentina/Buenos_Aires, and what its last part alone would mean after it.
  for (; segments.length > 0; segments.shift()) {
    const name = segments.join('/');
    if (isTimeZone(name)) return name;
  }
  const [windows] = findIana(tzid);
  return windows !== undefined && isTimeZone(windows) ? windows : null;
}

const mostObservances = 64;
const mostRules = 12;
const weekdayPattern = /^(?:MO|TU|WE|TH|FR|SA|SU)$/;
const ordinalWeekday = /^[+-]?[1-5](?:MO|TU|WE|TH|FR|SA|SU)$/;

/**
 * True for a definition as zones have them: yearly rules on a day of one month. ical.js expands any rule, and a hostile
 * one (every second since 1601) would never end.
 */
function isPlain(component: Component): boolean {
  const observances = component[2];
  const rules = observances.flatMap((observance) => all(observance, 'rrule'));
  return (
    observances.length > 0 &&
    observances.length <= mostObservances &&
    rules.length <= mostRules &&
    rules.every(isPlainRule) &&
    observances.every((observance) => /^\d{4}-/.test(valueOf(first(observance, 'dtstart'))))
  );
}

function isPlainRule(property: Property): boolean {
  const rule = new Map(Object.entries(Object(property[3]) as Record<string, unknown>));
  const list = (name: string): unknown[] => [rule.get(name) ?? []].flat();
  const known = ['freq', 'bymonth', 'byday', 'bymonthday', 'until', 'wkst'];
  if (rule.get('freq') !== 'YEARLY' || ![...rule.keys()].every((name) => known.includes(name))) return false;
  const [weekday, ...moreWeekdays] = list('byday').map(String);
  const days = list('bymonthday');
  return (
    list('bymonth').length === 1 &&
    moreWeekdays.length === 0 &&
    // A day that a month lacks could be looked for without end.
    days.every((day) => Number(day) >= 1 && Number(day) <= 28) &&
    (weekday === undefined
      ? days.length === 1
      : days.length === 0
        ? ordinalWeekday.test(weekday)
        : days.length <= 7 && weekdayPattern.test(weekday))
  );
}

/** Years that are converted; a leap year is first, so that it has every day that another may start at. */
const firstYear = 1972;
const lastYear = 2100;

/** Outlook's rules begin in 1601; each year of them is counted, and nobody's task was due then. */
function recent([name, properties, observances]: Component): Component {
  const start = (property: Property): Property => {
    const value = valueOf(property);
    const old = property[0] === 'dtstart' && Number(value.slice(0, 4)) < firstYear;
    return old ? ['dtstart', property[1], property[2], `${firstYear}${value.slice(4)}`] : property;
  };
  return [
    name,
    properties,
    observances.map((observance) =>
      first(observance, 'rrule') ? [observance[0], observance[1].map(start), []] : observance,
    ),
  ];
}

function converter(component: Component): (local: string) => string | null {
  const zone = new ICAL.Timezone(new ICAL.Component([...component]));
  const offset = (year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number =>
    zone.utcOffset(
      new ICAL.Time({ year, month, day, hour, minute, second, isDate: false }, ICAL.Timezone.localTimezone),
    );
  let expanded = false;
  return (local) => {
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = local.split(/[-T:]/).map(Number);
    if (year < firstYear || year > lastYear) return null;
    try {
      // Else ical.js would expand the rules anew for each later year that is asked for.
      if (!expanded) offset(lastYear, 12, 31);
      expanded = true;
      const seconds = offset(year, month, day, hour, minute, second);
      return toLocal(Date.UTC(year, month - 1, day, hour, minute, second) - seconds * 1000, 'UTC');
    } catch {
      // ical.js finds only now that an offset or a date of the definition is none.
      return null;
    }
  };
}

/** A DATE or DATE-TIME: wall time, and the zone that it is in. */
export interface Moment {
  /** Not yet checked: it may be a time that is none. */
  readonly local: string;
  /** null: floating, the user's own. */
  readonly zone: string | null;
  readonly lost: readonly string[];
}

/**
 * Reads a property of type DATE or DATE-TIME (RFC 5545 sections 3.3.4, 3.3.5).
 * @returns null when the property is absent or empty
 */
export function readMoment(property: Property | null, zones: CalendarZones): Moment | null {
  const value = valueOf(property);
  if (!property || !/\d/.test(value)) return null;
  // ical.js makes `2026-02-01T::` of a DATE that is not marked as one.
  const local = value.replace(/Z$|T::$/, '').replace(/T(..:..):00$/, 'T$1');
  if (!local.includes('T')) return { local, zone: null, lost: [] };

  const tzid = parameter(property, 'tzid');
  const zone = tzid === null ? null : zones.find(tzid);
  if (value.endsWith('Z')) {
    // A TZID has no meaning beside UTC, but tells where the person is.
    const instant = Date.parse(value);
    return zone?.kind === 'iana' && !Number.isNaN(instant)
      ? { local: toLocal(instant, zone.zone), zone: zone.zone, lost: [] }
      : { local, zone: 'UTC', lost: [] };
  }
  if (tzid === null) return { local, zone: null, lost: [] };
  if (zone?.kind === 'iana') return { local, zone: zone.zone, lost: [] };
  const utc = zone && localDateFault(local) === null ? zone.toUtc(local) : null;
  return utc === null
    ? { local, zone: null, lost: [`TZID ${tzid}: not a known zone; read as your own`] }
    : { local: utc, zone: 'UTC', lost: [`TZID ${tzid}: not an IANA zone; the time is kept in UTC`] };
}
