import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { wantedTopics } from '../../runtime/kafka/topic-table.js';
import { packageRoot } from '../../runtime/package-root.js';

interface Service {
  readonly image: string;
  readonly profiles?: string[];
  readonly ports?: string[];
  readonly command?: string[];
  readonly environment?: Record<string, string | number>;
  readonly healthcheck?: { readonly test: string[] };
  readonly depends_on?: Record<string, { readonly condition: string }>;
}

describe('docker-compose.kafka.yml', () => {
  let services: Record<string, Service>;

  before(async () => {
    const text = await readFile(join(packageRoot, 'docker-compose.kafka.yml'), 'utf8');
    ({ services } = parse(text, { merge: true }) as { services: Record<string, Service> });
  });

  it('starts Kafka unless Redpanda is asked for', () => {
    expect(Object.keys(services)).to.deep.equal(['kafka', 'kafka-topics', 'redpanda', 'redpanda-topics']);
    for (const [name, { profiles }] of Object.entries(services)) {
      expect(profiles, name).to.deep.equal(name.startsWith('redpanda') ? ['redpanda'] : undefined);
    }
  });

  it('pins every image to a version', () => {
    for (const { image } of Object.values(services)) expect(image).to.match(/:v?\d+\.\d+\.\d+$/);
  });

  it('lets nobody in from outside this machine', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports).to.have.length(2);
    for (const port of ports) expect(port).to.match(/^127\.0\.0\.1:(\d+):\1$/);
  });

  it('tells clients the port that it listens on for them', () => {
    expect(services['kafka']?.environment?.['KAFKA_ADVERTISED_LISTENERS']).to.contain('HOST://localhost:9092');
    expect(services['redpanda']?.command?.join(' ')).to.contain('host://localhost:19092');
  });

  for (const broker of ['kafka', 'redpanda']) {
    it(`makes the topics of the table on ${broker} once it is healthy`, () => {
      expect(services[broker]?.healthcheck?.test).not.to.be.undefined;
      const topics = services[`${broker}-topics`];
      expect(topics?.depends_on).to.deep.equal({ [broker]: { condition: 'service_healthy' } });
      expect(topics?.environment).to.deep.equal({ BROKERS: `${broker}:29092` });

      const script = topics?.command?.[0] ?? '';
      const rows = (script.split('<<TOPICS\n')[1] ?? '').split('\n').filter((row) => / -?\d+$/.test(row));
      expect(rows).to.deep.equal(
        wantedTopics.map(({ name, partitions, settings }) => `${name} ${partitions} ${settings['retention.ms']}`),
      );
      for (const { settings } of wantedTopics) {
        for (const [key, value] of Object.entries(settings)) {
          if (key !== 'retention.ms') expect(script).to.contain(`--config ${key}=${value}`);
        }
      }
    });
  }
});
