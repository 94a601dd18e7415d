import { randomUUID } from 'node:crypto';
import { Consumer } from '@platformatic/kafka';

/** A message as it lies in a topic. */
export interface LoggedMessage {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** Everything that lies in these topics now; what lies in one partition in its order. */
export async function* allMessages(brokers: string, topics: readonly string[]): AsyncGenerator<LoggedMessage> {
  const consumer = new Consumer({
    clientId: 'checker',
    groupId: `checker-${randomUUID()}`,
    bootstrapBrokers: brokers.split(','),
    autocommit: false,
    maxWaitTime: 100,
  });
  try {
    const ends = await consumer.listOffsets({ topics: [...topics], timestamp: -1n });
    const firsts = await consumer.listOffsets({ topics: [...topics], timestamp: -2n });
    const missing = new Map<string, bigint>();
    for (const [topic, offsets] of ends) {
      for (const [partition, end] of offsets.entries()) {
        if (end > (firsts.get(topic)?.[partition] ?? 0n)) missing.set(`${topic} ${partition}`, end);
      }
    }
    if (missing.size === 0) return;
    const stream = await consumer.consume({ topics: [...topics], mode: 'earliest' });
    for await (const { topic, partition, key, value, offset } of stream) {
      const end = missing.get(`${topic} ${partition}`);
      if (end === undefined) continue;
      yield { topic, partition, key, value };
      if (offset + 1n >= end) missing.delete(`${topic} ${partition}`);
      if (missing.size === 0) return;
    }
  } finally {
    await consumer.close();
  }
}
