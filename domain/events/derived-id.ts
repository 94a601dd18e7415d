import { createHash } from 'node:crypto';

/** The name space of the ids below: a UUID of this program's own. */
const nameSpace = Buffer.from('5f0c3a5e8d1b4b7c9a3e2f6d70c41b98', 'hex');

/**
 * The id of what a name stands for: the same parts always give the same (UUIDv5, RFC 9562 section 5.5).
 * @param parts joined by `:`
 */
export function derivedId(...parts: readonly (string | number)[]): string {
  const hash = createHash('sha1').update(nameSpace).update(parts.join(':')).digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
