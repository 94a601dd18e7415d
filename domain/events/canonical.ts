import type { CommittedEvent } from './event.js';
import { taskEventSchema } from './schema.js';

/** The names of all members that an event can have, at whatever depth. */
const names = [...namesIn(taskEventSchema)].sort();

/**
 * An event in the canonical form of JSON (RFC 8785), whatever way it took: daprd puts members in another order. Of an event
 * that fits its schema nothing is left out, as every name is in there, at half of what it costs without knowing the names.
 */
export function canonicalEvent(event: CommittedEvent): string {
  return JSON.stringify(event, names);
}

function namesIn(schema: unknown): Set<string> {
  const found = new Set<string>();
  if (typeof schema !== 'object' || schema === null) return found;
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties') for (const name of Object.keys(Object(value) as object)) found.add(name);
    for (const name of namesIn(value)) found.add(name);
  }
  return found;
}
