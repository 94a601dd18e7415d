import { SettingsError } from './config.js';
import type { DaprTokens } from './dapr/start.js';

/** A sidecar that runs already, or will, beside this process: what it was told about us, and we about it. */
export interface GivenSidecar {
  /** Where it calls us. */
  readonly appPort: number;
  readonly httpPort: number;
  readonly tokens: DaprTokens;
}

/**
 * Reads where the sidecar is from the variables that Dapr sets for an app that it injects a sidecar beside
 * (`DAPR_HTTP_PORT`, `APP_PORT`, `DAPR_API_TOKEN`, `APP_API_TOKEN`; Dapr "environment variable reference").
 * @returns null when none is given: this process starts its own
 * @throws SettingsError that lists every problem
 */
export function readGivenSidecar(env: NodeJS.ProcessEnv): GivenSidecar | null {
  if (!env['DAPR_HTTP_PORT']) return null;
  const problems: string[] = [];
  const port = (name: string): number => {
    const value = Number(env[name]);
    if (!Number.isInteger(value) || value < 1 || value > 65_535) {
      problems.push(`${name} is "${env[name] ?? ''}"; beside a given sidecar it must be a port from 1 to 65535`);
    }
    return value;
  };
  const token = (name: string): string => {
    const value = env[name] ?? '';
    if (value === '') problems.push(`${name} is not set; the program and its sidecar prove themselves to each other`);
    return value;
  };
  const sidecar = {
    httpPort: port('DAPR_HTTP_PORT'),
    appPort: port('APP_PORT'),
    tokens: { api: token('DAPR_API_TOKEN'), app: token('APP_API_TOKEN') },
  };
  if (!env['DATABASE_URL']) problems.push('DATABASE_URL is not set; beside a given sidecar no database is started');
  if (problems.length > 0) throw new SettingsError(problems);
  return sidecar;
}
