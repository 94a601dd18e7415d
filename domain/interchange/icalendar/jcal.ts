import ICAL from 'ical.js';

// RFC 5545 section 3.1: a line has at most 75 octets. ical.js does not count the blank that begins a folded one.
ICAL.foldLength = 74;

/** A property in jCal (RFC 7265): name, parameters, type, values; names are in lower case. */
export type Property = readonly [
  name: string,
  parameters: Readonly<Record<string, string | readonly string[]>>,
  type: string,
  ...values: readonly unknown[],
];

/** A component in jCal: name, properties, components inside. */
export type Component = readonly [name: string, properties: readonly Property[], components: readonly Component[]];

/** The name under which a rule is found: ical.js would take RRULE apart, and what was written is what counts. */
export const rawRule = 'x-raw-rrule';

/**
 * @param lines the unfolded lines of one VTODO from BEGIN to END
 * @throws Error for a line that is no content line
 */
export function parseTodo(lines: readonly string[]): Component {
  return parseComponent(lines.map((line) => (/^RRULE[;:]/i.test(line) ? `X-RAW-${line}` : line)));
}

/** Like {@link parseTodo} for any other component. */
export function parseComponent(lines: readonly string[]): Component {
  // The parsing boundary: ical.js has no type for its result, which is one component as the lines hold one.
  return ICAL.parse(lines.join('\n')) as Component;
}

/** Writes a component with folded lines and a line break at its end. */
export function formatComponent(component: Component): string {
  return ICAL.stringify.component([...component], ICAL.design.icalendar) + '\r\n';
}

/** The first property of a name, if any. */
export function first(component: Component, name: string): Property | null {
  return component[1].find((property) => property[0] === name) ?? null;
}

/** All properties of a name. */
export function all(component: Component, name: string): Property[] {
  return component[1].filter((property) => property[0] === name);
}

/** The first value of a property as trimmed text; empty where there is none. */
export function valueOf(property: Property | null): string {
  const value = property?.[3];
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

export function parameter(property: Property, name: string): string | null {
  const value = property[1][name];
  return typeof value === 'string' && value !== '' ? value : null;
}
