import { parseArgs } from 'node:util';
import { readConfig, SettingsError } from '../config.js';
import { openAuth } from './open-auth.js';
import type { TokenRequest } from './issue-token.js';
import { userIdFault } from './user-id.js';
import { scopes as allScopes, type Scope } from './verify-token.js';

const usage = 'usage: npm run token -- --user alice [--scopes tasks:read,tasks:write] [--expires 30d]';
const secondsOf = { s: 1, m: 60, h: 3_600, d: 86_400 };
const longest = 3_650 * secondsOf.d;

class UsageError extends Error {}

/** Prints a token on stdout, and nothing else; what is wrong goes to stderr, with exit code 2. */
async function main(): Promise<void> {
  const request = readArguments(process.argv.slice(2));
  const config = readConfig(process.env, []);
  if (config.auth.jwksUrl !== undefined) {
    throw new UsageError(
      `AUTH_JWKS_URL is set: tokens come from the issuer "${config.auth.issuer}", not from here; ask it for one`,
    );
  }
  const { issueToken } = await openAuth(config);
  process.stdout.write(`${(await issueToken?.(request)) ?? ''}\n`);
}

function readArguments(args: string[]): TokenRequest {
  const { user, scopes, expires } = parseOptions(args);
  if (user === undefined) throw new UsageError(`--user is missing\n${usage}`);
  const fault = userIdFault(user);
  if (fault !== null) throw new UsageError(`--user ${fault}`);
  return {
    user,
    scopes: scopes === undefined ? allScopes : readScopes(scopes),
    expiresInSeconds: readDuration(expires ?? '30d'),
  };
}

function parseOptions(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args, options: { user: text, scopes: text, expires: text } }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

function readScopes(list: string): Scope[] {
  return list.split(',').map((word) => {
    const scope = allScopes.find((name) => name === word.trim());
    if (!scope) throw new UsageError(`"${word}" is not a scope; the scopes are ${allScopes.join(', ')}`);
    return scope;
  });
}

function readDuration(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const seconds = match ? Number(match[1]) * secondsOf[match[2] as keyof typeof secondsOf] : 0;
  if (seconds < 1 || seconds > longest) {
    throw new UsageError(`--expires is "${text}"; write a duration such as 15m, 12h or 30d, up to 3650d`);
  }
  return seconds;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
