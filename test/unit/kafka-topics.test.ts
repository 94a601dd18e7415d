import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { brokersFault } from '../../runtime/kafka/brokers.js';
import { topicTable } from '../../domain/events/topics.js';
import { wantedTopics } from '../../runtime/kafka/topic-table.js';
import { moreReplicas } from '../../runtime/kafka/topics.js';
import { packageRoot } from '../../runtime/package-root.js';

describe('the topics of Kafka', () => {
  it('are the five of the interface, each with a dead-letter topic beside it', () => {
    const five = ['task-events', 'task-reminders', 'task-recurrence', 'task-updates', 'task-audit'];
    expect(Object.keys(topicTable)).to.deep.equal(five);
    expect(wantedTopics.map(({ name }) => name)).to.have.members(five.flatMap((name) => [name, `${name}-dead-letter`]));
  });

  it('stand in docs/kafka.md as they are', async () => {
    const docs = await readFile(join(packageRoot, 'docs', 'kafka.md'), 'utf8');
    const kept = (ms: number): string =>
      ms === -1 ? 'for ever' : ms === 86_400_000 ? '1 day' : `${ms / 86_400_000} days`;
    for (const [name, { writtenBy, readBy, keptMs }] of Object.entries(topicTable)) {
      const partitions = wantedTopics.find((topic) => topic.name === name)?.partitions;
      expect(docs).to.contain(`| \`${name}\` | ${writtenBy} | ${readBy} | ${partitions} | ${kept(keptMs)} |`);
    }
  });

  it('a partition with too few replicas keeps those that it has and gets others in turn', () => {
    const partitions = [{ replicas: [1] }, { replicas: [2] }, { replicas: [3, 1] }, { replicas: [1, 2, 3] }];
    expect(moreReplicas(partitions, [1, 2, 3, 4], 3)).to.deep.equal([
      { partitionIndex: 0, replicas: [1, 2, 3] },
      { partitionIndex: 1, replicas: [2, 3, 4] },
      { partitionIndex: 2, replicas: [3, 1, 4] },
    ]);
  });

  it('no replica is taken away', () => {
    expect(moreReplicas([{ replicas: [1, 2, 3] }], [1, 2, 3], 1)).to.deep.equal([]);
  });
});

describe('KAFKA_BROKERS', () => {
  for (const list of ['localhost:9092', 'a.example:9092,b.example:9093', '127.0.0.1:1', '[::1]:9092']) {
    it(`takes ${list}`, () => expect(brokersFault(list)).to.equal(null));
  }
  for (const list of ['', 'localhost', 'localhost:0', 'localhost:70000', 'kafka://localhost:9092', 'a:9092, b:9092']) {
    it(`refuses "${list}" and says what is wrong`, () => expect(brokersFault(list)).to.contain('host:port'));
  }
});
