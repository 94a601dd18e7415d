import { readFileSync } from 'node:fs';
import { brokersFault } from './brokers.js';

/** How brokers let the program in; neither: they let in everybody, without TLS. */
export interface KafkaLogin {
  readonly sasl?: { readonly mechanism: SaslMechanism; readonly username: string; readonly password: string };
  /** TLS; `ca` (PEM) vouches for the brokers instead of the system's certificates. */
  readonly tls?: { readonly ca?: string };
}

/** Where Kafka is, and how it lets the program in. */
export interface KafkaAccess extends KafkaLogin {
  /** `host:port`, several with commas. */
  readonly brokers: string;
}

/** What daprd speaks as well (Dapr: "Apache Kafka", saslMechanism). */
export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
type SaslMechanism = (typeof saslMechanisms)[number];

/**
 * Reads `KAFKA_BROKERS`, `KAFKA_SASL_MECHANISM`, `KAFKA_SASL_USERNAME`, `KAFKA_SASL_PASSWORD`, `KAFKA_TLS` and
 * `KAFKA_CA_FILE`. A password goes over TLS unless `KAFKA_TLS=false` says otherwise; without one, brokers are spoken to
 * in the open, and TLS is refused: daprd has no setting for it.
 * @param problems a sentence is added for each setting that is wrong
 * @returns undefined when no brokers are set
 */
export function readKafkaAccess(env: NodeJS.ProcessEnv, problems: string[]): KafkaAccess | undefined {
  const setting = (name: string): string | undefined => env[name]?.trim() || undefined;
  const brokers = setting('KAFKA_BROKERS');
  const login = readLogin(setting, problems);
  if (brokers === undefined) {
    if (login.sasl || login.tls) problems.push('KAFKA_SASL_… and KAFKA_CA_FILE say nothing without KAFKA_BROKERS');
    return undefined;
  }
  const fault = brokersFault(brokers);
  if (fault !== null) problems.push(`KAFKA_BROKERS ${fault}`);
  return { brokers, ...login };
}

/** Likewise, for a command that does nothing without Kafka. @returns undefined when a setting is wrong or missing */
export function readNeededKafkaAccess(env: NodeJS.ProcessEnv, problems: string[]): KafkaAccess | undefined {
  const access = readKafkaAccess(env, problems);
  if (!access) problems.push('KAFKA_BROKERS is not set; write host:port, such as localhost:9092');
  return problems.length > 0 ? undefined : access;
}

function readLogin(setting: (name: string) => string | undefined, problems: string[]): KafkaLogin {
  const username = setting('KAFKA_SASL_USERNAME');
  const password = setting('KAFKA_SASL_PASSWORD');
  const wanted = setting('KAFKA_SASL_MECHANISM') ?? 'PLAIN';
  const tls = setting('KAFKA_TLS') ?? 'true';
  const mechanism = saslMechanisms.find((known) => known === wanted);
  if (!mechanism) problems.push(`KAFKA_SASL_MECHANISM is "${wanted}"; it must be one of ${saslMechanisms.join(', ')}`);
  if (tls !== 'true' && tls !== 'false') problems.push(`KAFKA_TLS is "${tls}"; it must be true or false`);
  if ((username === undefined) !== (password === undefined)) {
    problems.push('KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD belong together: set both, or neither');
  }
  const file = setting('KAFKA_CA_FILE');
  const ca = file === undefined ? undefined : readCertificate(file, problems);
  if (!mechanism || username === undefined || password === undefined) {
    if (ca !== undefined) problems.push('KAFKA_CA_FILE needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
    return {};
  }
  return {
    sasl: { mechanism, username, password },
    ...(tls === 'true' && { tls: ca === undefined ? {} : { ca } }),
  };
}

function readCertificate(file: string, problems: string[]): string | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
    problems.push(`KAFKA_CA_FILE is "${file}", which holds no certificate in PEM`);
  } catch (error) {
    problems.push(`KAFKA_CA_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return undefined;
}
