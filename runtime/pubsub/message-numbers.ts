import { randomUUID } from 'node:crypto';
import type { EventBatch } from './event-batch.js';

/** A message that says where it stands among those of its source (the CloudEvents extension `sequence`), from 1 on. */
export interface NumberedBatch extends EventBatch {
  readonly sequence: string;
}

/** Numbers messages; they must be published in that order. */
export class MessageNumbers {
  private readonly source = `/todo-chatbot/relay/${randomUUID()}`;
  private last = 0;

  next(batch: EventBatch): NumberedBatch {
    this.last += 1;
    return { ...batch, source: this.source, sequence: String(this.last) };
  }
}

/**
 * Watches the numbers of one topic's messages. In-memory pub/sub says nothing of what it does not deliver: while daprd
 * holds this process for dead, before a subscription is in place, or after ten tries.
 */
export class MissedMessages {
  private source: unknown;
  private sequence = 0;

  /** True when a message before this one did not arrive, as far as its number tells. To be asked of each that arrives. */
  before(message: unknown): boolean {
    if (typeof message !== 'object' || message === null || !('source' in message) || !('sequence' in message))
      return false;
    const last = message.source === this.source ? this.sequence : 0;
    this.source = message.source;
    this.sequence = Number(message.sequence);
    // The same number again is the same message, delivered again.
    return this.sequence !== last && this.sequence !== last + 1;
  }
}
