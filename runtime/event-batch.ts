import { randomUUID } from 'node:crypto';
import { fromCloudEvent, toCloudEvent, type CloudEvent } from '../domain/events/cloud-event.js';
import type { CommittedEvent } from '../domain/events/event.js';

// Dapr's in-memory pub/sub delivers one message at a time for each subscription and publishes a bulk in no order, so
// within one process events travel many to a message. Nobody but this program can read that broker; see
// docs/decisions/0004-events-in-one-process.md.
const batchType = 'todo-chatbot.batch';

/** Bytes of one message at most: far under daprd's 4 MiB, and enough for hundreds of events. */
const mostBytes = 1024 * 1024;

/** A message with many events: a CloudEvent whose data is a CloudEvents JSON batch (JSON Event Format section 4). */
export interface EventBatch {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: typeof batchType;
  readonly datacontenttype: 'application/json';
  readonly data: readonly CloudEvent[];
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
  return batches.map((data) => ({
    specversion: '1.0',
    id: `${data[0]?.id}+${data.length}`,
    source: '/todo-chatbot/relay',
    type: batchType,
    datacontenttype: 'application/json',
    data,
  }));
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
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/todo-chatbot/relay',
    type: batchType,
    datacontenttype: 'application/json',
    data: [],
  };
}

/**
 * Takes the events out of a message from daprd: a batch, or one event by itself.
 * @throws TodoError `invalid` when it is neither
 */
export function fromMessage(message: unknown): CommittedEvent[] {
  const isBatch =
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    message.type === batchType &&
    'data' in message &&
    Array.isArray(message.data);
  return isBatch ? (message.data as unknown[]).map(fromCloudEvent) : [fromCloudEvent(message)];
}
