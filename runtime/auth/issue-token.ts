import { SignJWT } from 'jose';
import type { OwnKey } from './own-key.js';
import { userIdFault } from './user-id.js';
import { scopes as allScopes, type Scope } from './verify-token.js';

export interface TokenRequest {
  readonly user: string;
  /** All of them when not given. */
  readonly scopes?: readonly Scope[];
  readonly expiresInSeconds: number;
}

export type IssueToken = (request: TokenRequest) => Promise<string>;

/** Makes the issuer of tokens signed with our own key. A user whose name cannot be a user id is a RangeError. */
export function createTokenIssuer(issuer: string, audience: string, key: OwnKey): IssueToken {
  return async ({ user, scopes = allScopes, expiresInSeconds }) => {
    const fault = userIdFault(user);
    if (fault !== null) throw new RangeError(`the user ${fault}`);
    const now = Math.floor(Date.now() / 1000);
    return await new SignJWT({ scope: scopes.join(' ') })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: key.id })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(user)
      .setIssuedAt(now)
      .setExpirationTime(now + expiresInSeconds)
      .sign(key.privateKey);
  };
}
