import type { CommittedEvent } from '../../domain/events/event.js';
import type { Topic } from '../../domain/events/topics.js';
import { emptyBatch, toBatches } from './event-batch.js';
import { MessageNumbers, type NumberedBatch } from './message-numbers.js';
import type { Publisher } from './publisher.js';

/** Publishes within one process: events in numbered batches; see docs/decisions/0007-messages-are-numbered.md. */
export class BatchPublisher implements Publisher {
  private readonly numbers = new MessageNumbers();
  /** The same events go to several topics: their messages are made once. */
  private readonly messages = new WeakMap<readonly CommittedEvent[], readonly NumberedBatch[]>();

  /** @param send publishes one message; a rejection says that it was perhaps not taken */
  constructor(private readonly send: (topic: Topic, message: NumberedBatch) => Promise<void>) {}

  async publish(topic: Topic, events: readonly CommittedEvent[]): Promise<void> {
    for (const message of this.messagesOf(events)) await this.send(topic, message);
  }

  private messagesOf(events: readonly CommittedEvent[]): readonly NumberedBatch[] {
    let messages = this.messages.get(events);
    if (!messages) {
      const batches = events.length === 0 ? [emptyBatch()] : toBatches(events);
      messages = batches.map((batch) => this.numbers.next(batch));
      this.messages.set(events, messages);
    }
    return messages;
  }
}
