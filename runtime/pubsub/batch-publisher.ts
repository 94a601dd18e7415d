import type { CommittedEvent } from '../../domain/events/event.js';
import type { Topic } from '../../domain/events/topics.js';
import { emptyBatch, toBatches, type EventBatch } from './event-batch.js';
import { MessageNumbers, type NumberedBatch } from './message-numbers.js';
import type { Publisher } from './publisher.js';

/** Publishes within one process: events in numbered batches; see docs/decisions/0007-messages-are-numbered.md. */
export class BatchPublisher implements Publisher {
  /** Each topic's own: not every event goes to all of them. */
  private readonly numbers = new Map<Topic, MessageNumbers>();
  /** The same events go to several topics: their messages are made once. */
  private readonly batches = new WeakMap<readonly CommittedEvent[], readonly EventBatch[]>();

  /** @param send publishes one message; a rejection says that it was perhaps not taken */
  constructor(private readonly send: (topic: Topic, message: NumberedBatch) => Promise<void>) {}

  async publish(topic: Topic, events: readonly CommittedEvent[]): Promise<void> {
    const numbers = this.numbers.get(topic) ?? new MessageNumbers();
    this.numbers.set(topic, numbers);
    for (const message of this.batchesOf(events).map((batch) => numbers.next(batch))) await this.send(topic, message);
  }

  private batchesOf(events: readonly CommittedEvent[]): readonly EventBatch[] {
    let batches = this.batches.get(events);
    if (!batches) {
      batches = events.length === 0 ? [emptyBatch()] : toBatches(events);
      this.batches.set(events, batches);
    }
    return batches;
  }
}
