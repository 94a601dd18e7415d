import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { withAdmin } from '../../runtime/kafka/client.js';
import { expect } from 'chai';
import { TodoError } from '../../domain/errors.js';
import { deadLetterTopic, topics, type Topic } from '../../domain/events/topics.js';
import { ensureTopics } from '../../runtime/kafka/topics.js';
import { packageRoot } from '../../runtime/package-root.js';
import { openLetters, type Selection } from '../../runtime/dead-letters/dead-letters.js';
import { StoredMessages } from '../../runtime/dead-letters/stored-messages.js';
import { toDeadLetter, type DeadLetter } from '../../runtime/pubsub/dead-letter.js';
import type { RoleName } from '../../runtime/role.js';
import { startTestKafka, type TestKafka } from '../support/kafka.js';
import { sendPastProgram } from '../support/kafka-producer.js';

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('npm run dead-letters', function () {
  this.timeout(60_000);
  let kafka: TestKafka;
  let messages: StoredMessages;

  before(async function () {
    this.timeout('5m');
    kafka = await startTestKafka();
    await ensureTopics({ brokers: kafka.brokers });
    messages = new StoredMessages({ brokers: kafka.brokers });
  });
  after(async function () {
    this.timeout(20_000);
    await messages.close();
    await kafka.end();
  });

  const run = (KAFKA_BROKERS: string, ...args: string[]): Promise<Output> =>
    new Promise((resolve) => {
      const file = join(packageRoot, 'dist/runtime/dead-letters/cli.js');
      const env = { ...process.env, KAFKA_BROKERS };
      execFile(process.execPath, [file, ...args], { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), stdout, stderr });
      });
    });
  const command = (...args: string[]): Promise<Output> => run(kafka.brokers, ...args);
  /** The ids of those that are open. */
  async function open(selection: Selection = {}): Promise<string[]> {
    const ids: string[] = [];
    for await (const { id } of openLetters(messages, selection, () => undefined)) ids.push(id);
    return ids;
  }

  interface Refused {
    readonly role?: RoleName;
    readonly topic?: Topic;
    readonly partition?: number;
    readonly key?: string | null;
    readonly payload: Buffer | string;
  }
  /** Puts a message on its topic and, as a role does that cannot take it, its dead letter beside it. */
  async function refused({ role = 'audit', topic = 'task-audit', partition = 3, key = 'alice', payload }: Refused) {
    const value = Buffer.from(payload);
    const [offset = 0] = await sendPastProgram(kafka.brokers, [{ topic, partition, key: key ?? undefined, value }]);
    return await laidDown(role, { topic, partition, offset, key }, value);
  }
  async function laidDown(
    role: RoleName,
    place: Parameters<typeof toDeadLetter>[1],
    value: Buffer,
  ): Promise<DeadLetter> {
    const { topic, partition, offset, key } = place;
    const letter = toDeadLetter(
      role,
      { topic, partition, offset, key },
      value,
      TodoError.invalid('/seq', 'must be integer'),
      new Date(),
    );
    await sendPastProgram(kafka.brokers, [{ topic: deadLetterTopic(topic), value: JSON.stringify(letter) }]);
    return letter;
  }
  async function lastOf(topic: Topic, partition: number) {
    let last: { key: Buffer | null; value: Buffer | null } | undefined;
    for await (const message of messages.all(topic, partition)) last = message;
    return last;
  }
  /** Leaves nothing behind for the next test. */
  afterEach(() =>
    withAdmin({ brokers: kafka.brokers }, 0, async (admin) => {
      const partitions = [{ partition: 0, offset: -1n }];
      await admin.deleteRecords({ topics: topics.map((topic) => ({ name: deadLetterTopic(topic), partitions })) });
    }),
  );

  it('says that there is none', async () => {
    expect(await command('list')).to.deep.equal({ code: 0, stdout: 'there is no dead letter\n', stderr: '' });
    expect((await command('replay', '--all')).stdout).to.equal('there is no dead letter to replay\n');
  });

  it('lists each once, in a line with who could not take it, its key and the reason, of a topic or a role or all', async () => {
    const audit = await refused({ payload: '{}' });
    const live = await refused({ role: 'websocket', topic: 'task-updates', key: null, payload: '[]' });
    await laidDown(
      'audit',
      { topic: 'task-audit', partition: 3, offset: audit.offset, key: 'alice' },
      Buffer.from('{}'),
    );
    expect(await open()).to.deep.equal([live.id, audit.id]);
    expect(await open({ topic: 'task-audit' })).to.deep.equal([audit.id]);
    expect(await open({ role: 'websocket' })).to.deep.equal([live.id]);
    expect(await open({ role: 'websocket', topic: 'task-audit' })).to.deep.equal([]);
    const filtered = await command('list', '--role', 'audit', '--topic', 'task-audit', '--json');
    const { payload_base64: _left, ...shown } = audit;
    expect(JSON.parse(filtered.stdout)).to.deep.equal(shown);
    const { stdout } = await command('list');
    const [head, first, second, ...rest] = stdout.trimEnd().split('\n');
    expect(head).to.match(/^ID .* REFUSED .* KEY .* BYTES .* REASON$/);
    expect(first).to.match(new RegExp(`^${live.id} .* -  .* 2  invalid: must be integer$`));
    expect(second).to.match(new RegExp(`^${audit.id} .* alice .* 2  invalid: must be integer$`));
    expect(rest).to.deep.equal([]);
  });

  it('shows one: its place, its key, each fault and its bytes as text, without obeying what is in it', async () => {
    const { id, offset } = await refused({ payload: 'not JSON,\n\u001b[2J\u009bnor kind: é' });
    const { stdout, code } = await command('show', id);
    expect(code).to.equal(0);
    expect(stdout).to.contain(`place     task-audit, partition 3, offset ${offset}\nkey       alice\n`);
    expect(stdout).to.contain('invalid: must be integer\n          /seq must be integer\n');
    expect(stdout).to.contain('replayed  no\n');
    expect(stdout).to.match(/\n\nnot JSON,\n\\u001b\[2J\\u009bnor kind: é\n$/);
  });

  it('shows bytes that are no text in hex, and as JSON all that it knows', async () => {
    const letter = await refused({ payload: Buffer.from([0xff, 0x00, 0x41]) });
    const { stdout } = await command('show', letter.id);
    expect(stdout).to.match(/payload {3}3 bytes, not UTF-8\n\n00000000 {2}ff0041\n$/);
    expect(JSON.parse((await command('show', letter.id, '--json')).stdout)).to.deep.equal({
      ...letter,
      replayed_at: null,
    });
  });

  it('replays one: the same bytes under the same key in the same partition, and it is a dead letter no more', async () => {
    for (const payload of ['{}', Buffer.from([0xff, 0xfe]), '']) {
      const { id, offset } = await refused({ payload });
      const { stdout, code } = await command('replay', id);
      expect(code).to.equal(0);
      expect(stdout).to.equal(`${id} is at offset ${offset + 1} now\n`);
      const last = await lastOf('task-audit', 3);
      expect(last?.value?.equals(Buffer.from(payload))).to.equal(true);
      expect(last?.key?.toString()).to.equal('alice');
      expect(await open()).to.deep.equal([]);
      expect((await command('show', id)).stdout).to.match(new RegExp(`replayed {2}2.*, to offset ${offset + 1}\n`));
    }
  });

  it('replays a message without a key without one', async () => {
    const { id } = await refused({ key: null, payload: 'x' });
    expect((await command('replay', id)).code).to.equal(0);
    expect((await lastOf('task-audit', 3))?.key).to.equal(null);
  });

  it('replays all, a message that two roles refused once, and what was refused again under its new offset', async () => {
    const one = await refused({ topic: 'task-events', payload: '1' });
    const other = await laidDown('websocket', { ...one, topic: 'task-events' }, Buffer.from('1'));
    const { stdout } = await command('replay', '--all');
    expect(stdout).to.equal(
      `${one.id} is at offset ${one.offset + 1} now\n${other.id} is at offset ${one.offset + 1} now\n`,
    );
    const again = await laidDown('audit', { ...one, offset: one.offset + 1 }, Buffer.from('1'));
    expect(await open()).to.deep.equal([again.id]);
  });

  it('shows again what was refused again at its old place', async () => {
    const one = await refused({ payload: '1' });
    await command('replay', one.id);
    await laidDown('audit', one, Buffer.from('1'));
    expect(await open()).to.deep.equal([one.id]);
    expect((await command('show', one.id)).stdout).to.contain('replayed  no\n');
  });

  it('fetches what is too long for a dead letter from where it lies', async () => {
    const payload = Buffer.alloc(900_000, 'ab');
    const { id } = await refused({ payload });
    expect((await command('show', id)).stdout).to.contain(
      'payload   900000 bytes, of which the first 524288 are here\n',
    );
    expect((await command('replay', id)).code).to.equal(0);
    expect((await lastOf('task-audit', 3))?.value?.equals(payload)).to.equal(true);
  });

  it('says so when that has been forgotten, or another message lies there, and replays the others', async () => {
    const payload = Buffer.alloc(900_000, 'ab');
    const place = { topic: 'task-audit', partition: 5, key: 'alice' } as const;
    const never = await laidDown('audit', { ...place, offset: 77 }, payload);
    const [offset = 0] = await sendPastProgram(kafka.brokers, [{ ...place, value: 'another' }]);
    const another = await laidDown('audit', { ...place, offset }, payload);
    const good = await refused({ payload: 'x' });
    const { code, stdout, stderr } = await command('replay', '--all');
    expect(code).to.equal(1);
    expect(stdout).to.match(new RegExp(`^${good.id} is at offset \\d+ now\n$`));
    for (const { id } of [never, another]) {
      expect(stderr).to.contain(
        `${id} cannot be replayed: it holds 524288 of 900000 bytes, and task-audit has forgotten the rest\n`,
      );
    }
    expect(await open()).to.deep.equal([never.id, another.id]);
  });

  it('passes over what somebody else put on a dead-letter topic, and says how much that is', async () => {
    const topic = 'task-audit-dead-letter';
    const foreign = ['no JSON', '', null, 'null', '[]', '{"id":"x"}', '{"replayed_at":7}'];
    const { id } = await refused({ payload: 'x' });
    await sendPastProgram(
      kafka.brokers,
      foreign.map((value) => ({ topic, value })),
    );
    expect(await open()).to.deep.equal([id]);
    const { code, stderr } = await command('list');
    expect({ code, stderr }).to.deep.equal({
      code: 0,
      stderr: `${topic} holds 7 other messages, which are no dead letters\n`,
    });
  });

  const wrong: readonly (readonly [args: string[], RegExp])[] = [
    [[], /usage:/],
    [['lost'], /usage:/],
    [['list', '--colour'], /--colour[^]*usage:/],
    [['list', '--topic', 'tasks'], /--topic is "tasks"; it is one of task-events, /],
    [['list', '--role', 'cook'], /--role is "cook"; it is one of gateway, /],
    [['list', '--all'], /usage:/],
    [['show'], /usage:/],
    [['show', 'audit/task-audit/3'], /"audit\/task-audit\/3" is not the id of a dead letter, such as /],
    [['show', 'audit/tasks/3/4'], /is not the id/],
    [['replay'], /usage:/],
    [['replay', 'audit/task-audit/3/4', '--all'], /usage:/],
    [['replay', 'audit/task-audit/3/4', '--role', 'audit'], /usage:/],
  ];
  for (const [args, message] of wrong) {
    it(`refuses "${args.join(' ')}" with exit code 2`, async () => {
      const { code, stdout, stderr } = await command(...args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.match(message);
    });
  }

  it('needs KAFKA_BROKERS, and says when nobody answers there', async () => {
    expect(await run('', 'list'))
      .to.deep.include({ code: 2 })
      .and.property('stderr')
      .to.match(/KAFKA_BROKERS is not set/);
    expect(await run('localhost', 'list'))
      .to.deep.include({ code: 2 })
      .and.property('stderr')
      .to.match(/"localhost"/);
    const away = await run('127.0.0.1:1', 'list');
    expect(away.code).to.equal(1);
    expect(away.stderr).to.match(/^Kafka at 127\.0\.0\.1:1: [^\n]+\n$/);
  });

  it('says when there is no such dead letter', async () => {
    for (const name of ['show', 'replay']) {
      expect(await command(name, 'audit/task-audit/3/999999')).to.deep.equal({
        code: 1,
        stdout: '',
        stderr: 'there is no dead letter audit/task-audit/3/999999; "list" shows those that there are\n',
      });
    }
  });
});
