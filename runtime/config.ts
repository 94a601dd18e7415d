import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readKafkaAccess, type KafkaAccess } from './kafka/access.js';
import { readNotificationSettings, type NotificationSettings } from './notification-settings.js';
import { roleNames, type RoleName } from './role.js';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** The settings, checked. */
export interface Config {
  /** Port of the public door; 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  /** Where `/metrics`, `/healthz` and `/readyz` are for operators alone; undefined: on the public door. */
  readonly metricsPort: number | undefined;
  /** Absolute path. */
  readonly dataDir: string;
  /** undefined: embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** undefined: Dapr's in-memory pub/sub. */
  readonly kafka: KafkaAccess | undefined;
  readonly auth: {
    readonly issuer: string;
    readonly audience: string;
    /** undefined: a key of its own in `dataDir`. */
    readonly jwksUrl: string | undefined;
  };
  readonly notification: NotificationSettings;
  readonly roles: readonly RoleName[];
  /** For tests: a file with how many milliseconds the clock is ahead; an absolute path. undefined: the machine's clock. */
  readonly clockFile: string | undefined;
  readonly logLevel: (typeof logLevels)[number];
}

/** Every wrong setting at once. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(readonly problems: readonly string[]) {
    super(`wrong settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/**
 * Reads the settings from the environment and the command line (`--roles=`).
 * @throws SettingsError that lists every problem
 */
export function readConfig(env: NodeJS.ProcessEnv, argv: readonly string[]): Config {
  const problems: string[] = [];
  const setting = (name: string): string | undefined => env[name]?.trim() || undefined;

  const port = Number(setting('PORT') ?? '8080');
  if (!isPort(port)) {
    problems.push(`PORT is "${env['PORT']}"; it must be a number from 0 (any free port) to 65535`);
  }
  const metricsPort = setting('METRICS_PORT') === undefined ? undefined : Number(setting('METRICS_PORT'));
  if (metricsPort !== undefined && !isPort(metricsPort)) {
    problems.push(`METRICS_PORT is "${env['METRICS_PORT']}"; it must be a number from 0 (any free port) to 65535`);
  }
  const databaseUrl = setting('DATABASE_URL');
  if (databaseUrl !== undefined && !hasProtocol(databaseUrl, 'postgres:', 'postgresql:')) {
    problems.push('DATABASE_URL must look like postgresql://user:password@host:5432/database');
  }
  const jwksUrl = setting('AUTH_JWKS_URL');
  if (jwksUrl !== undefined && !hasProtocol(jwksUrl, 'https:', 'http:')) {
    problems.push(`AUTH_JWKS_URL is "${jwksUrl}"; it must be an http(s) URL`);
  }
  const kafka = readKafkaAccess(env, problems);
  const logLevel = readLogLevel(env);
  if (!logLevel) problems.push(`LOG_LEVEL is "${env['LOG_LEVEL']}"; it must be one of ${logLevels.join(', ')}`);

  const clockFile = setting('CLOCK_FILE');
  const notification = readNotificationSettings(setting, problems);
  const roles = readRoles(setting('ROLES'), argv, problems);
  if (problems.length > 0) throw new SettingsError(problems);

  return {
    roles,
    port,
    host: setting('HOST') ?? '127.0.0.1',
    metricsPort,
    dataDir: resolve(setting('DATA_DIR') ?? '.data'),
    databaseUrl,
    kafka,
    auth: {
      issuer: setting('AUTH_ISSUER') ?? 'todo-chatbot',
      audience: setting('AUTH_AUDIENCE') ?? 'todo-chatbot',
      jwksUrl,
    },
    notification,
    clockFile: clockFile === undefined ? undefined : resolve(clockFile),
    logLevel: logLevel ?? 'info',
  };
}

/** The level of the log, `info` when none is set; undefined for one that there is not. */
export function readLogLevel(env: NodeJS.ProcessEnv): Config['logLevel'] | undefined {
  const wanted = env['LOG_LEVEL']?.trim() || 'info';
  return logLevels.find((level) => level === wanted);
}

function readRoles(fromEnv: string | undefined, argv: readonly string[], problems: string[]): RoleName[] {
  let named = fromEnv;
  try {
    const { values } = parseArgs({ args: [...argv], options: { roles: { type: 'string' } } });
    named = values.roles ?? named;
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  if (named === undefined) return [...roleNames];
  const roles = new Set<RoleName>();
  for (const word of named.split(',').map((part) => part.trim())) {
    const role = roleNames.find((name) => name === word);
    if (role) roles.add(role);
    else problems.push(`"${word}" is not a role; the roles are ${roleNames.join(', ')}`);
  }
  return [...roles];
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

function hasProtocol(url: string, ...protocols: string[]): boolean {
  return URL.canParse(url) && protocols.includes(new URL(url).protocol);
}
