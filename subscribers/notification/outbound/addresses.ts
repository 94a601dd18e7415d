import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A target that messages may not go to. */
export class ForbiddenTarget extends Error {
  override readonly name = 'ForbiddenTarget';
}

/**
 * True for an address of the public internet: not of this machine, of a private network, of a link (where clouds have their
 * metadata), of many receivers, or of a range that is kept for something (IANA special-purpose address registries). An IPv4
 * address within an IPv6 one counts as itself, where a translator would send to it (RFC 4291 section 2.5.5, RFC 6052).
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.range() === 'unicast';
  if (parsed.match(nat64)) return isPublicAddress(ipaddr.fromByteArray(parsed.toByteArray().slice(12)).toString());
  return parsed.range() === 'unicast' && parsed.match(globalUnicast);
}

/** RFC 6052 section 2.1: how IPv4 addresses look in a network that has IPv6 alone. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** All that IANA hands out; what is outside has no route or a meaning of its own. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Looks a name up as node does: with `all` it gives every address. */
export type Lookup = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A lookup for sockets that gives public addresses alone. The connection goes to the very address that was checked here, so
 * a name that means another one a moment later is of no use.
 */
export function publicLookup(lookup: Lookup = systemLookup): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      const allowed = error ? [] : addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = allowed;
      if (error) done(error, []);
      else if (!first) done(new ForbiddenTarget(`${host} is no address of the public internet`), []);
      else if (options.all === true) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}
