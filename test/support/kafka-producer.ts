import { Producer } from '@platformatic/kafka';

export interface TestMessage {
  readonly topic: string;
  readonly key?: Buffer | string | undefined;
  /** null: a message without a value. */
  readonly value: Buffer | string | null;
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Puts messages on topics past the program, one after the other. @returns the offset of each */
export async function sendPastProgram(brokers: string, messages: readonly TestMessage[]): Promise<number[]> {
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: [brokers], acks: -1, autocreateTopics: false });
  const offsets: number[] = [];
  try {
    for (const { topic, key, value, partition, headers } of messages) {
      const message = {
        topic,
        ...(key !== undefined && { key: Buffer.from(key) }),
        // The types of the client know of no null, which it sends as such.
        value: value === null ? (null as unknown as Buffer) : Buffer.from(value),
        ...(partition !== undefined && { partition }),
        ...(headers && {
          headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
        }),
      };
      const sent = await producer.send({ messages: [message] });
      offsets.push(Number(sent.offsets?.[0]?.offset));
    }
  } finally {
    await producer.close();
  }
  return offsets;
}
