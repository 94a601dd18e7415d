import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { readConfig, SettingsError } from '../../runtime/config.js';
import { readNotificationSettings } from '../../runtime/notification-settings.js';
import { roleNames } from '../../runtime/role.js';

/** The problems that settings have. */
function problems(env: NodeJS.ProcessEnv, ...argv: string[]): readonly string[] {
  try {
    readConfig(env, argv);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

const broker = { KAFKA_BROKERS: 'one:9092' };
const login = { ...broker, KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };

/** How reminders leave where nothing is said of it. */
const unset = readNotificationSettings(() => undefined, []);

describe('the settings', () => {
  const certificate = join(tmpdir(), `todo-chatbot-ca-${process.pid}.pem`);
  before(() => writeFile(certificate, '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'));
  after(() => rm(certificate));

  it('are all optional', () => {
    expect(readConfig({}, [])).to.deep.equal({
      roles: [...roleNames],
      port: 8080,
      host: '127.0.0.1',
      dataDir: resolve('.data'),
      databaseUrl: undefined,
      kafka: undefined,
      metricsPort: undefined,
      auth: { issuer: 'todo-chatbot', audience: 'todo-chatbot', jwksUrl: undefined },
      notification: unset,
      clockFile: undefined,
      logLevel: 'info',
    });
  });

  it('that are empty or blank are as good as none', () => {
    const blank = { PORT: '', HOST: ' ', DATA_DIR: '', DATABASE_URL: '', AUTH_JWKS_URL: ' ', ROLES: '', LOG_LEVEL: '' };
    expect(readConfig(blank, [])).to.deep.equal(readConfig({}, []));
  });

  it('that are sound are taken', () => {
    const env = {
      PORT: '0',
      METRICS_PORT: '9464',
      HOST: '::1',
      DATA_DIR: '/var/lib/todo',
      DATABASE_URL: 'postgresql://user:secret@db.example:5432/todo',
      KAFKA_BROKERS: 'one:9092,two:9093',
      AUTH_ISSUER: 'https://issuer.example',
      AUTH_AUDIENCE: 'todo',
      AUTH_JWKS_URL: 'https://issuer.example/jwks',
      ROLES: 'gateway, actors',
      CLOCK_FILE: '/run/clock',
      LOG_LEVEL: 'debug',
    };
    expect(readConfig(env, [])).to.deep.equal({
      roles: ['gateway', 'actors'],
      port: 0,
      metricsPort: 9464,
      host: '::1',
      dataDir: '/var/lib/todo',
      databaseUrl: env.DATABASE_URL,
      kafka: { brokers: env.KAFKA_BROKERS },
      auth: { issuer: env.AUTH_ISSUER, audience: 'todo', jwksUrl: env.AUTH_JWKS_URL },
      notification: unset,
      clockFile: '/run/clock',
      logLevel: 'debug',
    });
  });

  it('on the command line come before those of the environment, and a role named twice is taken once', () => {
    expect(readConfig({ ROLES: 'gateway' }, ['--roles=audit,actors,audit']).roles).to.deep.equal(['audit', 'actors']);
  });

  const wrong: [string, NodeJS.ProcessEnv, string[], RegExp][] = [
    ['a port that is no number', { PORT: '80a' }, [], /^PORT is "80a"; it must be a number from 0/],
    ['a port beyond the last', { PORT: '65536' }, [], /^PORT is "65536"/],
    ['half a port', { PORT: '80.5' }, [], /^PORT is "80.5"/],
    ['a port before the first', { PORT: '-1' }, [], /^PORT is "-1"/],
    [
      'the address of another kind of database',
      { DATABASE_URL: 'mysql://db/todo' },
      [],
      /^DATABASE_URL must look like/,
    ],
    ['an address that is none', { AUTH_JWKS_URL: 'issuer' }, [], /^AUTH_JWKS_URL is "issuer"/],
    ['a level of the log that is none', { LOG_LEVEL: 'loud' }, [], /^LOG_LEVEL is "loud"; .*fatal, error, warn/],
    ['a role that is none', { ROLES: 'gateway,cook' }, [], /^"cook" is not a role; the roles are gateway/],
    ['a role that is none, on the command line', {}, ['--roles=cook'], /^"cook" is not a role/],
    ['an option that is none', {}, ['--role=gateway'], /--role/],
    ['a word that is no option', {}, ['gateway'], /gateway/],
    ['a broker without a port', { KAFKA_BROKERS: 'one:9092,two' }, [], /^KAFKA_BROKERS .*"two".*host:port/],
    ['a password without a name', { ...broker, KAFKA_SASL_PASSWORD: 'p' }, [], /^KAFKA_SASL_USERNAME and .*both/],
    [
      'a login by a mechanism that is none',
      { ...login, KAFKA_SASL_MECHANISM: 'MD5' },
      [],
      /^KAFKA_SASL_MECHANISM is "MD5"/,
    ],
    ['neither with nor without TLS', { ...login, KAFKA_TLS: 'maybe' }, [], /^KAFKA_TLS is "maybe"/],
    ['a certificate that is not there', { ...login, KAFKA_CA_FILE: '/nowhere' }, [], /^KAFKA_CA_FILE cannot be read/],
    ['a certificate that is none', { ...login, KAFKA_CA_FILE: 'package.json' }, [], /no certificate in PEM$/],
    ['a certificate without a login', { ...broker, KAFKA_CA_FILE: certificate }, [], /^KAFKA_CA_FILE needs/],
    ['a login to no broker', { ...login, KAFKA_BROKERS: '' }, [], /say nothing without KAFKA_BROKERS$/],
  ];
  for (const [what, env, argv, problem] of wrong) {
    it(`with ${what} are refused, and the problem named`, () => {
      const found = problems(env, ...argv);
      expect(found).to.have.length(1);
      expect(found[0]).to.match(problem);
    });
  }

  it('of a hosted Kafka say how it lets the program in', () => {
    expect(readConfig(login, []).kafka).to.deep.equal({
      brokers: 'one:9092',
      sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' },
      tls: {},
    });
    const { sasl, tls } = readConfig(
      { ...login, KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256', KAFKA_CA_FILE: certificate },
      [],
    ).kafka ?? { brokers: '' };
    expect(sasl?.mechanism).to.equal('SCRAM-SHA-256');
    expect(tls?.ca).to.match(/^-----BEGIN CERTIFICATE-----/);
    expect(readConfig({ ...login, KAFKA_TLS: 'false' }, []).kafka).not.to.have.property('tls');
  });

  it('that are wrong are all named at once', () => {
    const found = problems(
      { PORT: 'x', METRICS_PORT: '70000', DATABASE_URL: 'y', KAFKA_BROKERS: 't', AUTH_JWKS_URL: 'z', LOG_LEVEL: 'w' },
      '--roles=v,u',
    );
    expect(found).to.have.length(8);
    expect(new SettingsError(found).message).to.match(/^wrong settings:(\n {2}- .+){8}$/);
  });

  it('keep a password of the database out of what is said about them', () => {
    expect(problems({ DATABASE_URL: 'mysql://user:hunter2@db/todo' }).join()).not.to.include('hunter2');
  });
});
