import { pino } from 'pino';
import { readConfig, readLogLevel } from './config.js';
import { createLifecycle } from './lifecycle.js';
import { createProgress } from './progress.js';
import { startSystem } from './system.js';

// Logs go to stderr, so that what a person reads of the start stays in one piece on stdout.
// A wrong level is told with all other wrong settings.
const level = readLogLevel(process.env) ?? 'info';
const log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
const lifecycle = createLifecycle({ log, tell: (message) => process.stderr.write(`${message}\n`) });

await lifecycle.run(async () => {
  const config = readConfig(process.env, process.argv.slice(2));
  const progress = createProgress(process.stdout);
  const { url, demoToken } = await startSystem({ config, env: process.env, lifecycle, log, progress });
  process.stdout.write(welcome(url, demoToken));
});

function welcome(url: string, token: string | null): string {
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
