import { json } from 'node:stream/consumers';
import { join } from 'node:path';
import Router from '@koa/router';
import { expect } from 'chai';
import type { KafkaAccess } from '../../runtime/kafka/access.js';
import { kafkaSecrets } from '../../runtime/kafka/secrets.js';
import { ensureTopics } from '../../runtime/kafka/topics.js';
import { until } from '../support/until.js';
import { type KafkaWithPasswords, startKafkaWithPasswords } from './kafka-with-passwords.js';
import { type Sample, startSample, workshop } from './sample.js';

/** What `KAFKA_SASL_…` and `KAFKA_CA_FILE` say. */
function accessTo({ brokers, username, password, certificate }: KafkaWithPasswords): KafkaAccess {
  return { brokers, sasl: { mechanism: 'SCRAM-SHA-512', username, password }, tls: { ca: certificate } };
}

interface Note {
  readonly user: string;
  readonly number: number;
}

describe('a sample application on pubsub-kafka.yaml, with a broker that asks for TLS and a password', function () {
  this.timeout(30_000);
  const components = ['local/secrets.yaml', 'pubsub-kafka.yaml'];
  const received: Note[] = [];
  let kafka: KafkaWithPasswords;
  let sample: Sample;

  before(async function () {
    this.timeout('30m');
    const { supervisor, dataDir } = await workshop();
    kafka = await startKafkaWithPasswords(supervisor, join(dataDir, 'kafka'));
    await ensureTopics(accessTo(kafka));
    sample = await startSample({ appId: 'todo-audit', app: reader(), components, secrets: secretsFor(kafka) });
  });
  after(async function () {
    this.timeout(20_000);
    await sample.stop();
  });

  /** Follows one topic, as the audit role does, and keeps what it is sent. */
  function reader(): Router {
    const router = new Router();
    router.get('/dapr/subscribe', (ctx) => {
      ctx.body = [{ pubsubname: 'pubsub-audit', topic: 'task-audit', route: '/notes' }];
    });
    router.post('/notes', async (ctx) => {
      const { data } = (await json(ctx.req)) as { data: Note };
      received.push(data);
      ctx.body = { status: 'SUCCESS' };
    });
    return router;
  }

  /** The one values change between brokers that let in everybody and hosted ones. */
  function secretsFor(broker: KafkaWithPasswords): Readonly<Record<string, string>> {
    return kafkaSecrets(accessTo(broker));
  }

  it('of the components in the file an app has those of its own', async () => {
    const { components: loaded } = (await (await sample.call('GET', 'metadata')).json()) as {
      components: { name: string }[];
    };
    expect(loaded.map(({ name }) => name)).to.have.members(['secrets', 'pubsub', 'pubsub-audit']);
  });

  it('what is published arrives once, and of one user in the order in which it was published', async () => {
    const users = ['alice', 'bob', 'carol', 'dave'];
    const notes = Array.from({ length: 80 }, (_, place) => ({
      user: users[place % users.length] ?? '',
      number: Math.floor(place / users.length),
    }));
    for (const note of notes) {
      const answer = await sample.call('POST', `publish/pubsub/task-audit?metadata.partitionKey=${note.user}`, note);
      expect(answer.status).to.equal(204);
    }
    await until('all have arrived', () => received.length >= notes.length, 20_000);
    expect(received).to.have.length(notes.length);
    for (const user of users) {
      const numbers = received.filter((note) => note.user === user).map(({ number }) => number);
      expect(numbers, user).to.deep.equal(Array.from({ length: 20 }, (_, number) => number));
    }
  });

  it('what was published to another topic is not delivered to it', async () => {
    const before = received.length;
    await sample.call('POST', 'publish/pubsub/task-updates?metadata.partitionKey=alice', { user: 'alice', number: 99 });
    await sample.call('POST', 'publish/pubsub/task-audit?metadata.partitionKey=alice', { user: 'alice', number: 100 });
    await until('the later one arrived', () => received.length > before);
    expect(received.slice(before)).to.deep.equal([{ user: 'alice', number: 100 }]);
  });

  const wrong = {
    'a wrong password': { 'kafka-sasl-password': 'guessed' },
    'no password': { 'kafka-auth-type': 'none' },
    'a certificate that nobody vouches for': { 'kafka-ca-cert': '' },
  };
  for (const [what, secrets] of Object.entries(wrong)) {
    it(`with ${what} the sidecar begins without the topics, and says so to who publishes`, async () => {
      const options = { appId: 'todo-audit', app: new Router(), components };
      const locked = await startSample({ ...options, secrets: { ...secretsFor(kafka), ...secrets } });
      const { components: loaded } = (await (await locked.call('GET', 'metadata')).json()) as {
        components: { name: string }[];
      };
      expect(loaded.map(({ name }) => name)).to.deep.equal(['secrets']);
      const answer = await locked.call('POST', 'publish/pubsub/task-audit', { user: 'alice', number: 0 });
      expect([answer.status, await answer.text()].join(' ')).to.match(/^404 .*ERR_PUBSUB_NOT_FOUND/);
      await locked.stop();
    });
  }
});
