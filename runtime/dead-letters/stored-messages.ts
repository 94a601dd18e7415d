import { Consumer } from '@platformatic/kafka';
import type { KafkaAccess } from '../kafka/access.js';
import { connectionTo } from '../kafka/client.js';

const retries = 3;
/** Bytes that are read at once; a message that is larger comes alone. */
const bytesAtOnce = 4 * 1024 * 1024;

/** A message as it lies in Kafka. */
export interface StoredMessage {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** Reads what lies in Kafka without joining a consumer group: it moves nobody's place. */
export class StoredMessages {
  private readonly consumer: Consumer;

  constructor(access: KafkaAccess) {
    this.consumer = new Consumer({
      clientId: 'todo-chatbot-dead-letters',
      // Asked for by the client, and never joined.
      groupId: 'todo-chatbot-dead-letters',
      ...connectionTo(access),
      retries,
    });
  }

  async close(): Promise<void> {
    await this.consumer.close();
  }

  /** The messages of a partition from its begin to what is its end now, a few at a time. */
  async *all(topic: string, partition = 0): AsyncGenerator<StoredMessage> {
    const { first, end } = await this.span(topic, partition);
    yield* this.from(topic, partition, first, end);
  }

  /** One message; null when the topic has forgotten it or never had it. */
  async at(topic: string, partition: number, offset: number): Promise<StoredMessage | null> {
    const { first, end } = await this.span(topic, partition);
    if (offset < first || offset >= end) return null;
    for await (const message of this.from(topic, partition, offset, offset + 1)) {
      if (message.offset === offset) return message;
    }
    return null;
  }

  private async span(topic: string, partition: number): Promise<{ first: number; end: number }> {
    const partitions = { [topic]: [partition] };
    const [first, end] = await Promise.all(
      [-2n, -1n].map(async (timestamp) => {
        const offsets = await this.consumer.listOffsets({ topics: [topic], partitions, timestamp });
        return Number(offsets.get(topic)?.[partition]);
      }),
    );
    return { first: first ?? 0, end: end ?? 0 };
  }

  private async *from(topic: string, partition: number, from: number, end: number): AsyncGenerator<StoredMessage> {
    for (let next = from; next < end;) {
      const { topics } = await this.consumer.metadata({ topics: [topic] });
      const found = topics.get(topic);
      const leader = found?.partitions[partition]?.leader;
      if (!found || leader === undefined) throw new Error(`partition ${partition} of ${topic} has no leader`);
      const { responses } = await this.consumer.fetch({
        node: leader,
        maxBytes: bytesAtOnce,
        topics: [
          {
            topicId: found.id,
            partitions: [
              {
                partition,
                currentLeaderEpoch: -1,
                fetchOffset: BigInt(next),
                lastFetchedEpoch: -1,
                partitionMaxBytes: bytesAtOnce,
              },
            ],
          },
        ],
      });
      for (const { firstOffset, lastOffsetDelta, records, attributes } of responses[0]?.partitions[0]?.records ?? []) {
        for (const { offsetDelta, key, value } of isControl(attributes) ? [] : records) {
          const offset = Number(firstOffset) + offsetDelta;
          // A batch is given whole, from whatever place in it was asked for.
          if (offset >= next && offset < end) yield { offset, key, value };
        }
        next = Math.max(next, Number(firstOffset) + lastOffsetDelta + 1);
      }
    }
  }
}

/** A mark of Kafka's own (record batch attributes, bit 5). */
const isControl = (attributes: number): boolean => (attributes & 0x20) !== 0;
