import { Producer } from '@platformatic/kafka';
import { deadLetterTopic } from '../../domain/events/topics.js';
import type { KafkaAccess } from '../kafka/access.js';
import { connectionTo } from '../kafka/client.js';
import { OperatorError } from '../operator-error.js';
import type { DeadLetter } from '../pubsub/dead-letter.js';
import type { Replayed } from './records.js';
import type { StoredMessages } from './stored-messages.js';

/** Puts messages that became dead letters back on their topics. */
export class Replay {
  private readonly producer: Producer;
  /** Where each message lies now: several roles may have refused the same one. */
  private readonly replayed = new Map<string, number>();

  constructor(
    access: KafkaAccess,
    private readonly messages: StoredMessages,
  ) {
    this.producer = new Producer({ clientId: 'todo-chatbot-dead-letters', ...connectionTo(access) });
  }

  async close(): Promise<void> {
    await this.producer.close();
  }

  /**
   * Puts the message of a dead letter back, byte for byte, and notes on the dead-letter topic that it was. A crash between
   * the two leaves the letter open: replayed again, the message is there twice, which receivers do not mind.
   * @returns where the message lies now
   * @throws OperatorError when its topic has forgotten what the letter does not hold
   */
  async replay(letter: DeadLetter, now: Date): Promise<Replayed> {
    const { id, topic, partition } = letter;
    const place = `${topic}/${partition}/${letter.offset}`;
    const known = this.replayed.get(place);
    const offset = known ?? (await this.send(topic, partition, await this.message(letter)));
    this.replayed.set(place, offset);
    const replayed: Replayed = { id, replayed_at: now.toISOString(), offset };
    await this.send(deadLetterTopic(topic), 0, { value: Buffer.from(JSON.stringify(replayed)) });
    return replayed;
  }

  private async message(letter: DeadLetter): Promise<Message> {
    const { topic, partition, offset, key } = letter;
    const kept = Buffer.from(letter.payload_base64, 'base64');
    if (letter.is_whole) return { ...(key !== null && { key: Buffer.from(key) }), value: kept };
    const stored = await this.messages.at(topic, partition, offset);
    const value = stored?.value ?? Buffer.alloc(0);
    // A topic that was made anew has other messages in the same places.
    if (!stored || value.length !== letter.payload_bytes || !value.subarray(0, kept.length).equals(kept)) {
      throw new OperatorError(
        `${letter.id} cannot be replayed: it holds ${kept.length} of ${letter.payload_bytes} bytes, and ${topic} has forgotten the rest`,
      );
    }
    return { ...(stored.key && { key: stored.key }), value };
  }

  private async send(topic: string, partition: number, message: Message): Promise<number> {
    // To the partition where it lay: not every client chooses the same one for a key.
    const { offsets } = await this.producer.send({ messages: [{ topic, partition, ...message }], acks: -1 });
    return Number(offsets?.[0]?.offset);
  }
}

interface Message {
  readonly key?: Buffer;
  readonly value: Buffer;
}
