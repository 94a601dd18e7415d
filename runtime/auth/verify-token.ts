/** The scopes that a token can carry. */
export const scopes = ['tasks:read', 'tasks:write'] as const;
export type Scope = (typeof scopes)[number];

/** Who a valid token speaks for. */
export interface Principal {
  readonly userId: string;
  readonly scopes: ReadonlySet<string>;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

export interface TokenVerifier {
  /**
   * @param token a bearer token as it came in, undefined when none did
   * @throws TodoError `unauthorized`
   */
  verify(token: string | undefined): Promise<Principal>;
}
