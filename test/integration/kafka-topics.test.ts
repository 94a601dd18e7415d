import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { expect } from 'chai';
import { wantedTopics } from '../../runtime/kafka/topic-table.js';
import { ensureTopics } from '../../runtime/kafka/topics.js';
import { packageRoot } from '../../runtime/package-root.js';
import { startTestKafka, type TestKafka } from '../support/kafka.js';

const run = promisify(execFile);

describe('the topics on a real broker', function () {
  this.timeout(20_000);
  let kafka: TestKafka;
  let admin: Admin;

  before(async function () {
    this.timeout('5m');
    kafka = await startTestKafka();
    admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.brokers] });
  });
  after(async function () {
    this.timeout(20_000);
    await admin.close();
    await kafka.end();
  });

  async function setting(topic: string, name: string): Promise<string | null | undefined> {
    const [described] = await admin.describeConfigs({
      resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [name] }],
    });
    return described?.configs[0]?.value;
  }

  async function partitions(topic: string): Promise<number | undefined> {
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
    return topics.get(topic)?.partitionsCount;
  }

  it('the first run creates the five of them and a dead-letter topic for each, and says so', async () => {
    const lines = await ensureTopics({ brokers: kafka.brokers });
    expect(lines).to.have.length(10);
    expect(lines).to.include('created task-events: 12 partitions, 1 replica');
    expect(lines).to.include('created task-audit-dead-letter: 1 partition, 1 replica');
    expect(await admin.listTopics()).to.have.members(wantedTopics.map(({ name }) => name));
  });

  it('the audit topic keeps events for ever', async () => {
    expect(await setting('task-audit', 'retention.ms')).to.equal('-1');
    expect(await setting('task-audit', 'retention.bytes')).to.equal('-1');
  });

  it('a second run changes nothing', async () => {
    expect(await ensureTopics({ brokers: kafka.brokers })).to.deep.equal([]);
  });

  it('a setting that was changed, and partitions that are missing, are put right', async () => {
    const name = 'put-right';
    await admin.createTopics({
      topics: [name],
      partitions: 1,
      replicas: 1,
      configs: [{ name: 'retention.ms', value: '1000' }],
    });
    const wanted = [{ name, partitions: 4, settings: { 'retention.ms': '-1' } }];
    expect(await ensureTopics({ brokers: kafka.brokers }, wanted)).to.deep.equal([
      'put-right: 1 → 4 partitions',
      'put-right: retention.ms 1000 → -1',
    ]);
    expect(await setting(name, 'retention.ms')).to.equal('-1');
    expect(await partitions(name)).to.equal(4);
    expect(await ensureTopics({ brokers: kafka.brokers }, wanted)).to.deep.equal([]);
  });

  it('partitions are never taken away', async () => {
    const wanted = [{ name: 'put-right', partitions: 2, settings: {} }];
    expect(await ensureTopics({ brokers: kafka.brokers }, wanted)).to.deep.equal([
      'put-right: has 4 partitions, 2 would do; left so, partitions can only grow',
    ]);
    expect(await partitions('put-right')).to.equal(4);
  });

  it('two runs at once create each topic once', async () => {
    const wanted = Array.from({ length: 5 }, (_, place) => ({ name: `at-once-${place}`, partitions: 1, settings: {} }));
    const { brokers } = kafka;
    const lines = await Promise.all([ensureTopics({ brokers }, wanted), ensureTopics({ brokers }, wanted)]);
    expect(lines.flat().sort()).to.deep.equal(wanted.map(({ name }) => `created ${name}: 1 partition, 1 replica`));
  });

  it('the command tells what it did, and which setting is wrong', async function () {
    this.timeout(60_000);
    const command = (KAFKA_BROKERS?: string) =>
      run(process.execPath, [join(packageRoot, 'dist/runtime/kafka/topics-cli.js')], {
        env: { ...process.env, ...(KAFKA_BROKERS !== undefined && { KAFKA_BROKERS }) },
      });
    expect((await command(kafka.brokers)).stdout).to.equal('all topics are as they shall be\n');
    const unset = await command('').catch((error: unknown) => error);
    expect(unset).to.include({ code: 2 }).and.to.have.property('stderr').that.contains('KAFKA_BROKERS is not set');
    const wrong = await command('localhost').catch((error: unknown) => error);
    expect(wrong).to.include({ code: 2 }).and.to.have.property('stderr').that.contains('"localhost"');
  });
});
