import type { Context } from 'koa';
import { TodoError } from '../../domain/errors.js';
import type { Scope, TokenVerifier } from '../../runtime/auth/verify-token.js';

const bearer = /^Bearer +([\w.~+/-]+=*)$/i;
const realm = 'Bearer realm="todo-chatbot"';

/**
 * Asks for a bearer token (RFC 6750 section 2.1) that allows `scope`.
 * @returns the user it speaks for
 * @throws TodoError `unauthorized` or `insufficient_scope`; the challenge is set on the answer then
 */
export async function authenticate(ctx: Context, tokens: TokenVerifier, scope: Scope): Promise<string> {
  const { authorization } = ctx.req.headers;
  let principal;
  try {
    principal = await tokens.verify(authorization && bearer.exec(authorization)?.[1]);
  } catch (error) {
    if (error instanceof TodoError && error.code === 'unauthorized') {
      ctx.set('WWW-Authenticate', authorization === undefined ? realm : `${realm}, error="invalid_token"`);
    }
    throw error;
  }
  if (!principal.scopes.has(scope)) {
    ctx.set('WWW-Authenticate', `${realm}, error="insufficient_scope", scope="${scope}"`);
    throw new TodoError('insufficient_scope', `The token must have the scope ${scope}.`);
  }
  return principal.userId;
}
