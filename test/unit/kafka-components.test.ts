import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { kafkaSecrets } from '../../runtime/kafka/secrets.js';
import { wantedTopics } from '../../runtime/kafka/topic-table.js';
import { packageRoot } from '../../runtime/package-root.js';

interface Setting {
  readonly name: string;
  readonly value?: string;
  readonly secretKeyRef?: { readonly name: string; readonly key: string };
}

interface Component {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly metadata: readonly Setting[] };
}

describe('dapr-components/pubsub-kafka.yaml', () => {
  let components: Component[];

  before(async () => {
    const text = await readFile(join(packageRoot, 'dapr-components', 'pubsub-kafka.yaml'), 'utf8');
    components = parseAllDocuments(text).map((document) => document.toJS() as Component);
  });

  const settingsOf = ({ spec }: Component) => new Map(spec.metadata.map((setting) => [setting.name, setting]));

  it('has a component and a consumer group for each role that follows topics', () => {
    const groups = components.map((component) => [
      component.metadata.name,
      settingsOf(component).get('consumerID')?.value,
      settingsOf(component).get('initialOffset')?.value,
    ]);
    expect(groups).to.deep.equal([
      ['pubsub', 'todo-chatbot', 'oldest'],
      ['pubsub-audit', 'todo-chatbot-audit', 'oldest'],
      ['pubsub-recurrence', 'todo-chatbot-recurrence', 'oldest'],
      ['pubsub-notification', 'todo-chatbot-notification', 'oldest'],
      ['pubsub-websocket', 'todo-chatbot-websocket-{uuid}', 'newest'],
    ]);
  });

  it('is alike for all of them but for the name, the apps, the group and where it begins', () => {
    const own = ['consumerID', 'initialOffset'];
    const shared = components.map((component) => ({
      ...component,
      metadata: {},
      scopes: [],
      spec: { ...component.spec, metadata: component.spec.metadata.filter(({ name }) => !own.includes(name)) },
    }));
    for (const component of shared) expect(component).to.deep.equal(shared[0]);
  });

  it('holds no address and no secret, and the program provides each that it refers to', () => {
    for (const component of components) {
      const settings = settingsOf(component);
      for (const name of ['brokers', 'authType', 'saslUsername', 'saslPassword', 'caCert']) {
        expect(settings.get(name)?.value, name).to.equal(undefined);
        expect(settings.get(name)?.secretKeyRef, name).not.to.equal(undefined);
      }
      const references = [...settings.values()].flatMap(({ secretKeyRef }) => secretKeyRef ?? []);
      for (const { name, key } of references) expect(key).to.equal(name);
      expect(references.map(({ name }) => name)).to.have.members(
        Object.keys(kafkaSecrets({ brokers: 'localhost:9092' })),
      );
    }
  });

  it('sends nothing that a topic would refuse for its size', () => {
    const most = Number(settingsOf(components[0]!).get('maxMessageBytes')?.value);
    for (const { settings } of wantedTopics) expect(Number(settings['max.message.bytes'])).to.be.greaterThan(most);
  });
});
