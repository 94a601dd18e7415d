import { createRemoteJWKSet } from 'jose';
import type { Config } from '../config.js';
import { createTokenIssuer, type IssueToken } from './issue-token.js';
import { openOwnKey } from './own-key.js';
import { createTokenVerifier } from './token-verifier.js';
import type { TokenVerifier } from './verify-token.js';

export interface Auth {
  readonly tokens: TokenVerifier;
  /** null: tokens come from the issuer whose keys AUTH_JWKS_URL names. */
  readonly issueToken: IssueToken | null;
}

/** Opens what checks tokens, and what makes them where the key is our own (made in DATA_DIR at the first start). */
export async function openAuth({ auth, dataDir }: Pick<Config, 'auth' | 'dataDir'>): Promise<Auth> {
  const { issuer, audience, jwksUrl } = auth;
  if (jwksUrl !== undefined) {
    const key = createRemoteJWKSet(new URL(jwksUrl));
    return { tokens: createTokenVerifier({ issuer, audience, key }), issueToken: null };
  }
  const key = await openOwnKey(dataDir);
  return {
    tokens: createTokenVerifier({ issuer, audience, key: key.publicKey }),
    issueToken: createTokenIssuer(issuer, audience, key),
  };
}
