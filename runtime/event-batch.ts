import { randomUUID } from 'node:crypto';
import { TodoError } from '../domain/errors.js';
import { fromCloudEvent, toCloudEvent, type CloudEvent } from '../domain/events/cloud-event.js';
import type { CommittedEvent } from '../domain/events/event.js';

// Dapr's in-memory pub/sub delivers one message at a time for each subscription and publishes a bulk in no order, so
// within one process events travel many to a message. Nobody but this program can read that broker; see
// docs/decisions/0004-events-in-one-process.md.
const batchType = 'todo-chatbot.batch';

/** Bytes of one message at most: far under daprd's 4 MiB, and enough for hundreds of events. */
const mostBytes = 1024 * 1024;

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
  const batches: CloudEvent[][] = [];
  let bytes = mostBytes;
  for (const event of events) {
    const size = estimatedBytes(event);
    if (bytes + size > mostBytes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(toCloudEvent(event));
    bytes += size;
  }
  return batches.map((batch) => message(`${batch[0]?.id}+${batch.length}`, batch));
}

/** A bound on an event's size in JSON: only what people write can be long, and a character takes at most 6 bytes. */
function estimatedBytes({ before, after }: CommittedEvent): number {
  let characters = 0;
  for (const task of [before, after]) {
    if (task) characters += task.title.length + task.description.length + task.tags.join('","').length;
  }
  return 4_000 + 6 * characters;
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
