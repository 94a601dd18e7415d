import { hash, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { TodoError } from '../../domain/errors.js';
import { userIdFault } from './user-id.js';
import type { Principal, TokenVerifier } from './verify-token.js';

/** Asymmetric ones only: whoever can check a token cannot make one (RFC 8725 sections 3.1 and 3.2). */
const algorithms = ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'RS256', 'PS256'];
/** How far the clock of another issuer may be from ours, in seconds; our own tokens end on the second. */
const toleranceOfOthers = 5;
const mostRemembered = 20_000;

export interface TokenVerifierSettings {
  readonly issuer: string;
  readonly audience: string;
  /** The public key, or where to find it for a token. */
  readonly key: KeyObject | JWTVerifyGetKey;
}

/**
 * Makes the check of bearer tokens: signature, issuer, audience, time, and a subject that can be a user id. A token that
 * passed is remembered by its SHA-256 until it expires, since a signature costs more than all else about a read.
 */
export function createTokenVerifier({ issuer, audience, key }: TokenVerifierSettings): TokenVerifier {
  const passed = new LRUCache<string, Principal>({ max: mostRemembered });
  const clockTolerance = typeof key === 'function' ? toleranceOfOthers : 0;
  const options = { issuer, audience, algorithms, clockTolerance, requiredClaims: ['exp', 'sub'] };
  // The overloads of jwtVerify know a key or a function, not their union.
  const check =
    typeof key === 'function'
      ? (token: string) => jwtVerify(token, key, options)
      : (token: string) => jwtVerify(token, key, { ...options, algorithms: ['EdDSA', 'Ed25519'] });

  return {
    async verify(token) {
      if (token === undefined) throw new TodoError('unauthorized', 'The request carries no bearer token.');
      const name = hash('sha256', token, 'base64');
      const known = passed.get(name);
      if (known && known.expiresAt + clockTolerance > Date.now() / 1000) return known;
      passed.delete(name);
      const principal = toPrincipal(await checked(check, token));
      passed.set(name, principal);
      return principal;
    },
  };
}

async function checked(check: (token: string) => Promise<{ payload: JWTPayload }>, token: string): Promise<JWTPayload> {
  try {
    return (await check(token)).payload;
  } catch (error) {
    throw refusal(error);
  }
}

function toPrincipal({ sub = '', exp = 0, scope }: JWTPayload): Principal {
  if (typeof sub !== 'string') throw new TodoError('unauthorized', 'The subject of the token must be text.');
  const fault = userIdFault(sub);
  if (fault !== null) throw new TodoError('unauthorized', `The subject of the token ${fault}.`);
  const scopes = typeof scope === 'string' ? scope.split(' ').filter((word) => word !== '') : [];
  return { userId: sub, scopes: new Set(scopes), expiresAt: exp };
}

const faultsOfToken: Record<string, string> = {
  ERR_JWT_EXPIRED: 'The token has expired; get a new one.',
  ERR_JOSE_ALG_NOT_ALLOWED: `The token must be signed with one of ${algorithms.join(', ')}.`,
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'The signature of the token is not right.',
  ERR_JWKS_NO_MATCHING_KEY: 'The token is signed with a key that its issuer does not publish.',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'The token does not name its key (kid), and more than one would fit.',
};

/** A fault of the token is the caller's; not being able to get the issuer's keys is not. */
function refusal(error: unknown): TodoError {
  if (error instanceof errors.JWTClaimValidationFailed) {
    const detail =
      error.reason === 'missing'
        ? `The token lacks the claim "${error.claim}".`
        : `The claim "${error.claim}" of the token is not the one expected here.`;
    return new TodoError('unauthorized', detail);
  }
  if (error instanceof errors.JOSEError) {
    const detail = faultsOfToken[error.code];
    if (detail !== undefined) return new TodoError('unauthorized', detail);
    if (/^ERR_(?:JWT|JWS|JOSE_NOT_SUPPORTED)/.test(error.code)) {
      return new TodoError('unauthorized', 'The bearer token is not a signed JWT.');
    }
  }
  return new TodoError(
    'unavailable',
    'The keys that tokens are checked with cannot be had at the moment; try again shortly.',
    [],
    { cause: error },
  );
}
