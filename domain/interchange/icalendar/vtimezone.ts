import { Temporal } from 'temporal-polyfill';
import type { Component, Property } from './jcal.js';

/** The years whose clock changes are written. */
const firstYear = 1970;
const lastYear = 2050;

/** Clock changes of one kind: the offsets from UTC in nanoseconds, and the times told by the clock that they end. */
interface Changes {
  readonly from: number;
  readonly to: number;
  readonly walls: Temporal.PlainDateTime[];
}

/**
 * Describes a zone of the IANA database by the clock changes that the runtime knows of, as RFC 5545 section 3.6.5
 * demands for each TZID of a file. Programs that know the zone by its name, as nearly all do, look no further.
 * @param zone a checked IANA zone
 */
export function zoneComponent(zone: string): Component {
  const start = Temporal.PlainDateTime.from({ year: firstYear, month: 1, day: 1 });
  let present = start.toZonedDateTime(zone);
  const offset = present.offsetNanoseconds;
  const kinds = new Map<string, Changes>([['start', { from: offset, to: offset, walls: [start] }]]);

  for (;;) {
    const change = present.getTimeZoneTransition('next');
    if (!change || change.year > lastYear) break;
    const from = present.offsetNanoseconds;
    const to = change.offsetNanoseconds;
    const kind = kinds.get(`${from} ${to}`) ?? { from, to, walls: [] };
    kind.walls.push(change.toPlainDateTime().add({ nanoseconds: from - to }));
    kinds.set(`${from} ${to}`, kind);
    present = change;
  }
  return ['vtimezone', [['tzid', {}, 'text', zone]], [...kinds.values()].map(observance)];
}

function observance({ from, to, walls }: Changes): Component {
  const [first, ...more] = walls.map((wall) => wall.toString({ smallestUnit: 'second' }));
  // The first stands twice: DTSTART counts by the RFC, but ical.js takes the RDATEs alone where there are some.
  const dates = more.length === 0 ? [] : [first, ...more];
  return [
    to > from ? 'daylight' : 'standard',
    [
      ['dtstart', {}, 'date-time', first],
      ['tzoffsetfrom', {}, 'utc-offset', offsetText(from)],
      ['tzoffsetto', {}, 'utc-offset', offsetText(to)],
      ...dates.map((date): Property => ['rdate', {}, 'date-time', date]),
    ],
    [],
  ];
}

/** `+01:00`, and seconds where a zone had them. */
function offsetText(nanoseconds: number): string {
  const seconds = Math.abs(nanoseconds) / 1e9;
  const [hour = 0, minute = 0, second = 0] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  const parts = second === 0 ? [hour, minute] : [hour, minute, second];
  return (nanoseconds < 0 ? '-' : '+') + parts.map((part) => String(part).padStart(2, '0')).join(':');
}
