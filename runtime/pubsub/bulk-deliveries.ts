import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { errorTable, TodoError } from '../../domain/errors.js';
import { fromCloudEvent } from '../../domain/events/cloud-event.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { Topic } from '../../domain/events/topics.js';
import { validator } from '../../domain/validation.js';
import type { RoleName, Subscriber } from '../role.js';
import { toDeadLetter, type DeadLetter, type Place } from './dead-letter.js';
import { type Deliveries, routeOf } from './deliveries.js';
import { signatureOf, type EventSignatures } from './event-signatures.js';

/** Messages of one delivery. */
const maxMessagesCount = 50;
/** As many of the largest messages that a topic takes, in base64. */
const mostBytes = 80 * 1024 * 1024;

interface Entry {
  readonly entryId: string;
  /** The message's bytes in base64. */
  readonly event: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What daprd delivers by a bulk subscription (Dapr 1.16 pub/sub API), as far as it is read. */
const delivery = validator<{ entries: Entry[] }>({
  type: 'object',
  required: ['entries'],
  properties: {
    entries: {
      type: 'array',
      items: {
        type: 'object',
        required: ['entryId', 'event', 'metadata'],
        properties: {
          entryId: { type: 'string' },
          event: { type: 'string' },
          metadata: { type: 'object', additionalProperties: { type: 'string' }, required: [] },
        },
      },
    },
  },
});

/** An entry and what it is: an event, or the reason why it is none. */
interface Read {
  readonly entryId: string;
  readonly place: Place;
  readonly payload: Buffer;
  readonly signature: string | null;
  event: CommittedEvent | null;
  fault: unknown;
}

export interface BulkDeliveriesOptions {
  readonly log: Logger;
  readonly metrics: Registry;
  /** Tells what this system has published from what somebody else has. */
  readonly signatures: Pick<EventSignatures, 'checker'>;
  /** Resolves when the dead letter is on the dead-letter topic of its topic. */
  readonly bury: (letter: DeadLetter) => Promise<void>;
}

/**
 * Takes what Kafka delivers through Dapr. What will never fit goes to the topic's dead letters with the reason and is done
 * with, so that the partition goes on; all else is offered again, in order, until it is taken. Subscriptions are raw:
 * daprd would stumble over what is no CloudEvent; see docs/kafka.md.
 */
export function createBulkDeliveries({ log, metrics, signatures, bury }: BulkDeliveriesOptions): Deliveries {
  const followed = new Map<string, { role: RoleName; topic: Topic; subscriber: Subscriber }>();
  const buried = new Counter({
    name: 'todo_dead_letters_total',
    help: 'Messages that went to a dead-letter topic.',
    labelNames: ['role', 'topic'],
    registers: [metrics],
  });

  return {
    mostBytes,
    subscribe(role, topic, subscriber) {
      followed.set(routeOf(role, topic), { role, topic, subscriber });
    },
    subscriptions: () =>
      [...followed].map(([route, { role, topic, subscriber }]) => ({
        pubsubname: `pubsub-${role}`,
        topic,
        route,
        metadata: { rawPayload: 'true' },
        bulkSubscribe: { enabled: true, maxMessagesCount, maxAwaitDurationMs: subscriber.mostWaitMs ?? 10 },
      })),
    async deliver(role, topic, body) {
      const follower = followed.get(`/events/${role}/${topic}`);
      if (!follower) return undefined;
      if (body instanceof Error) throw body;
      const entries = delivery(body).entries.map((entry) => read(entry, follower.topic));
      try {
        await refuseForeign(entries, signatures);
        await take(follower.subscriber, entries);
        for (const entry of entries.filter(({ event }) => event === null)) {
          const { place, payload, fault } = entry;
          const letter = toDeadLetter(follower.role, place, payload, fault, new Date());
          log.error({ id: letter.id, reason: letter.reason }, 'a message became a dead letter');
          await bury(letter);
          buried.inc({ role, topic });
        }
      } catch (error) {
        // All of them come again, in order; who took one already finds that it has.
        log.warn({ err: error, role, topic }, 'events could not be taken; they are offered again');
        return { statuses: entries.map(({ entryId }) => ({ entryId, status: 'RETRY' })) };
      }
      return { statuses: entries.map(({ entryId }) => ({ entryId, status: 'SUCCESS' })) };
    },
  };
}

function read({ entryId, event, metadata }: Entry, topic: Topic): Read {
  const payload = Buffer.from(event, 'base64');
  const key = metadata['__key'] ?? null;
  const place = { topic, partition: Number(metadata['__partition']), offset: Number(metadata['__offset']), key };
  try {
    const received = parse(payload);
    const read = fromCloudEvent(received);
    // Partitions keep the order of a user's events only when the key is the user.
    if (key !== read.user_id) throw TodoError.invalid('/data/user_id', 'is not the key of the message');
    return { entryId, place, payload, signature: signatureOf(received), event: read, fault: undefined };
  } catch (fault) {
    return { entryId, place, payload, signature: null, event: null, fault };
  }
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    throw new TodoError('unreadable', 'The message is not JSON in UTF-8.', [], { cause: error });
  }
}

/** An event that fits, and that nobody of this system has published, is none. */
async function refuseForeign(entries: readonly Read[], signatures: Pick<EventSignatures, 'checker'>): Promise<void> {
  const isOurs = await signatures.checker(entries.map(({ signature }) => signature));
  for (const entry of entries) {
    if (!entry.event || isOurs(entry.event, entry.signature)) continue;
    entry.event = null;
    entry.fault = TodoError.invalid('/signature', 'is not that of an event which this system has published');
  }
}

/** Hands all events on at once; one by one when that cannot be, so that one of them does not speak for all. */
async function take(subscriber: Subscriber, entries: readonly Read[]): Promise<void> {
  const events = entries.flatMap(({ event }) => event ?? []);
  if (events.length === 0) return;
  try {
    await subscriber.receive(events);
  } catch (error) {
    if (!isFinal(error)) throw error;
    for (const entry of entries) {
      if (!entry.event) continue;
      try {
        await subscriber.receive([entry.event]);
      } catch (fault) {
        if (!isFinal(fault)) throw fault;
        entry.event = null;
        entry.fault = fault;
      }
    }
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof TodoError && errorTable[error.code].retry === 'drop';
}
