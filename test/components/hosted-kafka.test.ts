import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { packageRoot } from '../../runtime/package-root.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import { until } from '../support/until.js';
import { startKafkaWithPasswords } from './kafka-with-passwords.js';
import { workshop } from './sample.js';

const run = promisify(execFile);

describe('the whole system on a hosted Kafka', function () {
  this.timeout(60_000);
  let settings: Record<string, string>;
  let system: TestSystem;

  before(async function () {
    this.timeout(startTimeoutMs);
    const { supervisor, dataDir } = await workshop();
    const kafka = await startKafkaWithPasswords(supervisor, join(dataDir, 'hosted-kafka'));
    const certificate = join(dataDir, 'broker.pem');
    await writeFile(certificate, kafka.certificate);
    settings = {
      KAFKA_BROKERS: kafka.brokers,
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: kafka.username,
      KAFKA_SASL_PASSWORD: kafka.password,
      KAFKA_CA_FILE: certificate,
    };
    system = await startTestSystem({ shape: 'one-process', env: settings });
  });
  after(async () => {
    await system.remove();
  });

  const command = (program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    run(process.execPath, [join(packageRoot, 'dist/runtime', program), ...args], {
      env: { ...process.env, ...settings, ...env },
    });

  it('makes its topics there, and what is committed reaches the log and the live feed', async () => {
    const user = await system.newUser();
    const live = await user.live();
    await user.create({ title: 'by SCRAM over TLS' });
    await live.seq(1);
    await until('it is in the log', async () => (await user.get('/v1/audit')).log.entries.length === 1);
  });

  it('the commands of an operator are let in by the same settings, and not by a wrong password', async () => {
    expect((await command('kafka/topics-cli.js', [])).stdout).to.equal('all topics are as they shall be\n');
    expect((await command('dead-letters/cli.js', ['list'])).stdout).to.equal('there is no dead letter\n');
    const password = { KAFKA_SASL_PASSWORD: 'guessed' };
    for (const [program, ...args] of [['kafka/topics-cli.js'], ['dead-letters/cli.js', 'list']] as const) {
      const refused: unknown = await command(program, args, password).catch((error: unknown) => error);
      expect(refused)
        .to.include({ code: 1 })
        .and.to.have.property('stderr')
        .that.matches(/^Kafka at /);
      expect(refused).to.have.property('stderr').that.does.not.contain('guessed');
    }
  });
});
