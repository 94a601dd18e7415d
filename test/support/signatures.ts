import { createHash } from 'node:crypto';
import { EventSignatures } from '../../runtime/pubsub/event-signatures.js';
import type { Queryable } from '../../runtime/postgres/pool.js';

/**
 * Signatures by keys that are made of texts.
 * @param keys what the database holds whenever it is asked, by ids from 1 on; null: deleted
 */
export function signaturesOf(keys: readonly (string | null)[] = ['the key']): EventSignatures {
  const rows = () =>
    keys.flatMap((text, place) =>
      text === null ? [] : { id: place + 1, key: createHash('sha256').update(text).digest() },
    );
  return new EventSignatures({ query: () => Promise.resolve({ rows: rows() }) } as unknown as Queryable);
}
