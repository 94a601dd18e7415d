import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Admin,
  type Consumer,
  Consumer as KafkaConsumer,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { expect } from 'chai';
import { startKafka } from '../../runtime/kafka/start.js';
import { startTestKafka, testSupervisor, type TestKafka } from '../support/kafka.js';
import { until } from '../support/until.js';

describe('a real Kafka broker', function () {
  this.timeout(120_000);
  let kafka: TestKafka;

  before(async function () {
    this.timeout('5m');
    kafka = await startTestKafka();
    await withAdmin((admin) => admin.createTopics({ topics: ['kept'], partitions: 1, replicas: 1 }));
  });
  after(async function () {
    this.timeout(20_000);
    await kafka.end();
  });

  async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.brokers], retries: 5, retryDelay: 200 });
    try {
      return await work(admin);
    } finally {
      await admin.close();
    }
  }

  async function write(...values: string[]): Promise<void> {
    const producer = new Producer({
      clientId: 'test',
      bootstrapBrokers: [kafka.brokers],
      serializers: stringSerializers,
    });
    await producer.send({ messages: values.map((value) => ({ topic: 'kept', key: 'alice', value })), acks: -1 });
    await producer.close();
  }

  async function readAll(count: number): Promise<string[]> {
    const consumer: Consumer<string, string, string, string> = new KafkaConsumer({
      clientId: 'test',
      groupId: `read-${Date.now()}`,
      bootstrapBrokers: [kafka.brokers],
      deserializers: stringDeserializers,
    });
    const values: string[] = [];
    const stream = await consumer.consume({ topics: ['kept'], mode: 'earliest', autocommit: false, maxWaitTime: 100 });
    for await (const message of stream) if (values.push(message.value) === count) break;
    await consumer.close();
    return values;
  }

  it('listens on loopback only', async () => {
    const addresses = await listeningAddresses(kafka.child.pid);
    expect(addresses).to.have.length(2);
    for (const address of addresses) expect(address).to.match(/0100007F$/);
  });

  it('refuses a topic that nobody made', async () => {
    await withAdmin(async (admin) => {
      const asked = await admin
        .metadata({ topics: ['mistyped'], autocreateTopics: true })
        .catch((error: unknown) => error);
      expect(asked).to.be.an('error');
      expect(await admin.listTopics()).to.deep.equal(['kept']);
    });
  });

  it('after kill -9 it serves again on the same port, with all that it had acknowledged', async () => {
    await write('one', 'two', 'three');
    const { pid } = kafka.child;
    process.kill(pid ?? 0, 'SIGKILL');
    await until('it runs again', () => kafka.child.pid !== pid && kafka.child.isReady, 90_000);
    await write('four');
    expect(await readAll(4)).to.deep.equal(['one', 'two', 'three', 'four']);
  });

  it('after an orderly stop it leaves nothing running, and the next start has all that it held', async () => {
    const { pid } = kafka.child;
    await kafka.supervisor.stop();
    expect(existsSync(`/proc/${pid}`)).to.equal(false);
    const supervisor = testSupervisor();
    const again = await startKafka({ supervisor, program: kafka.program, dataDir: kafka.dataDir });
    kafka = {
      ...kafka,
      ...again,
      supervisor,
      end: async () => {
        await supervisor.stop();
        await rm(kafka.dataDir, { recursive: true });
      },
    };
    expect(await readAll(4)).to.have.length(4);
  });

  it('a first start that is given up leaves nothing half-made', async () => {
    const dataDir = await realpath(await mkdtemp(join(tmpdir(), 'kafka-')));
    const supervisor = testSupervisor();
    const stop = new AbortController();
    const started = startKafka({ supervisor, program: kafka.program, dataDir, signal: stop.signal }).catch(
      (error: unknown) => error,
    );
    await until('it is being made', async () =>
      (await readdir(dataDir)).some((name) => name.startsWith('kafka.making-')),
    );
    await sleep(200);
    stop.abort(new Error('given up'));
    expect(await started).to.have.property('message', 'given up');
    expect(await readdir(dataDir)).to.deep.equal(['run']);
    await rm(dataDir, { recursive: true });
  });
});

/** The local addresses that a process listens on, as /proc/net/tcp and tcp6 write them. */
async function listeningAddresses(pid: number | undefined): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all((await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => '')));
  const inodes = new Set(targets.map((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1]));
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/net/${table}`, 'utf8')));
  const rows = tables.flatMap((table) => table.split('\n').slice(1)).map((row) => row.trim().split(/\s+/));
  return rows.filter((row) => row[3] === '0A' && inodes.has(row[9])).map((row) => row[1]?.split(':')[0] ?? '');
}
