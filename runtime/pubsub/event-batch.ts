import { randomUUID } from 'node:crypto';
import { TodoError } from '../../domain/errors.js';
import { fromCloudEvent, toCloudEvent, type CloudEvent } from '../../domain/events/cloud-event.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { inChunks } from './event-size.js';

// Dapr's in-memory pub/sub delivers one message at a time for each subscription and publishes a bulk in no order, so
// within one process events travel many to a message. Nobody but this program can read that broker; see
// docs/decisions/0004-events-in-one-process.md.
const batchType = 'todo-chatbot.batch';

const batchContentType = 'application/cloudevents-batch+json';

/**
 * A message with many events: a CloudEvent whose data is a CloudEvents JSON batch (JSON Event Format section 4). It goes as
 * binary data (section 3.1.1): daprd would take JSON apart and put it together again for each topic and subscriber.
 */
export interface EventBatch {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: typeof batchType;
  readonly datacontenttype: typeof batchContentType;
  readonly data_base64: string;
}

/** Puts events into messages, in their order. @throws TodoError `invalid` for an event that does not fit its schema */
export function toBatches(events: readonly CommittedEvent[]): EventBatch[] {
  return inChunks(events).map((chunk) => message(`${chunk[0]?.event_id}+${chunk.length}`, chunk.map(toCloudEvent)));
}

/** A message without events. */
export function emptyBatch(): EventBatch {
  return message(randomUUID(), []);
}

function message(id: string, events: readonly CloudEvent[]): EventBatch {
  return {
    specversion: '1.0',
    id,
    source: '/todo-chatbot/relay',
    type: batchType,
    datacontenttype: batchContentType,
    data_base64: Buffer.from(JSON.stringify(events)).toString('base64'),
  };
}

/**
 * Takes the events out of a message from daprd: a batch, or one event by itself.
 * @throws TodoError `invalid` when it is neither
 */
export function fromMessage(received: unknown): CommittedEvent[] {
  const isBatch =
    typeof received === 'object' && received !== null && 'type' in received && received.type === batchType;
  if (!isBatch) return [fromCloudEvent(received)];
  return readBatch('data_base64' in received ? received.data_base64 : undefined).map(fromCloudEvent);
}

function readBatch(base64: unknown): unknown[] {
  let batch: unknown;
  try {
    batch = JSON.parse(Buffer.from(String(base64), 'base64').toString());
  } catch (error) {
    throw new TodoError('invalid', 'The data of the message is not JSON.', [], { cause: error });
  }
  if (!Array.isArray(batch)) throw new TodoError('invalid', 'The data of the message is not a list of events.');
  return batch;
}
