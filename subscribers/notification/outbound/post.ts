import { isIP } from 'node:net';
import { Agent } from 'undici';
import { ForbiddenTarget, isPublicAddress, publicLookup, type Lookup } from './addresses.js';

/** So much of an answer is read at most, and thrown away. */
const mostAnswerBytes = 64 * 1024;
const mostConnectionsOfHost = 8;

export interface Posted {
  readonly status: number;
  /** What `Retry-After` asks for, in milliseconds; null when it does not. */
  readonly retryAfterMs: number | null;
}

/** Sends messages to addresses that users name. */
export interface Poster {
  /**
   * Posts a body. A redirect is an answer like another: nobody follows it.
   * @param timeoutMs for all of it
   * @throws ForbiddenTarget before anything is sent; or what undici says when there is no answer
   */
  post(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string | Buffer,
    timeoutMs: number,
  ): Promise<Posted>;
  close(): Promise<void>;
}

export interface PosterOptions {
  /** True: private addresses may be reached, and without TLS. */
  readonly allowsPrivateTargets: boolean;
  /** What a test sets otherwise. */
  readonly lookup?: Lookup;
  /** Certificates to trust instead of the system's, in PEM. */
  readonly ca?: string;
}

export function createPoster({ allowsPrivateTargets, lookup, ca }: PosterOptions): Poster {
  const agent = new Agent({
    connections: mostConnectionsOfHost,
    keepAliveTimeout: 4_000,
    // No environment variable leads it elsewhere: undici's own agent knows of no proxy.
    connect: {
      ...(allowsPrivateTargets ? {} : { lookup: publicLookup(lookup) }),
      ...(ca !== undefined && { ca }),
    },
  });
  return {
    async post(url, headers, body, timeoutMs) {
      const { protocol, hostname, origin, pathname, search } = new URL(url);
      if (!allowsPrivateTargets) {
        if (protocol !== 'https:') throw new ForbiddenTarget('the address does not begin with https://');
        // What is an address already is not looked up.
        const host = hostname.replace(/^\[|\]$/g, '');
        if (isIP(host) !== 0 && !isPublicAddress(host)) {
          throw new ForbiddenTarget(`${host} is no address of the public internet`);
        }
      }
      const {
        statusCode,
        headers: answered,
        body: answer,
      } = await agent.request({
        origin,
        path: pathname + search,
        method: 'POST',
        headers: { ...headers, 'user-agent': 'todo-chatbot' },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      });
      await answer.dump({ limit: mostAnswerBytes });
      return { status: statusCode, retryAfterMs: retryAfter(answered['retry-after']) };
    },
    close: () => agent.destroy(),
  };
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(header: string | string[] | undefined): number | null {
  if (typeof header !== 'string') return null;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}
