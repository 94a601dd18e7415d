import { expect } from 'chai';
import { startKafka } from '../../runtime/kafka/start.js';
import { startTestKafka, type TestKafka } from '../support/kafka.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';
import { isReady } from '../support/trial.js';
import { until } from '../support/until.js';

describe('Kafka is away', function () {
  this.timeout(120_000);
  let kafka: TestKafka;
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    kafka = await startTestKafka();
    system = await startTestSystem({ env: { KAFKA_BROKERS: kafka.brokers } });
  });
  after(async () => {
    await system.remove();
    await kafka.end();
  });

  const comeBack = () => startKafka({ ...kafka, port: Number(kafka.brokers.split(':')[1]) });
  const logged = async (user: TestUser, count: number): Promise<void> => {
    await until(
      `${count} entries in the log`,
      async () => {
        const reply = await user.get('/v1/audit');
        // A sidecar that is started again is away for a moment.
        return reply.status === 200 && reply.log.entries.length === count;
      },
      60_000,
    );
  };

  it('and commands go on, with a sidecar that dies meanwhile, and after a restart: all of it is published once Kafka is back', async () => {
    const user = await system.newUser();
    const live = await user.live();
    await user.create({ title: 'before' });
    await live.seq(1);
    await logged(user, 1);

    await kafka.child.stop();
    await user.create({ title: 'without Kafka' });
    expect(await isReady(system)).to.equal(true);

    process.kill(Number(system.childPids().daprd), 'SIGKILL');
    await until('the system is ready without Kafka', () => isReady(system), 60_000);
    await user.create({ title: 'with a new sidecar' });
    expect(await user.get('/v1/audit')).to.nested.include({ 'log.entries.length': 1 });

    await system.stop();
    await system.start();
    await user.create({ title: 'after a restart' });
    const again = await user.live(1);

    await comeBack();
    await logged(user, 4);
    await again.seq(4);
    expect(again.seqs).to.deep.equal([2, 3, 4]);
    await user.create({ title: 'with Kafka again' });
    await logged(user, 5);
    expect((await user.get('/v1/audit')).log.entries.map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4, 5]);
  });
});
