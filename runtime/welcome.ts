import type { Program } from './program.js';

/** What a person who started the system is told once it is ready. */
export function welcome({ url, demoToken: token }: Program): string {
  if (token === null) return `\nReady at ${url}; tokens come from AUTH_JWKS_URL's issuer.\n`;
  return `
Ready at ${url}

Token of the user "demo" (30 days):
${token}

Try:
curl -sS ${url}/v1/tasks -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"title":"Buy milk","due_date":"2030-01-31T09:00"}'

Ctrl-C stops all of it.
`;
}
