import type { Logger } from 'pino';
import { errorTable, TodoError } from '../../domain/errors.js';
import type { Topic } from '../../domain/events/topics.js';
import type { Subscriber } from '../role.js';
import { type Deliveries, routeOf } from './deliveries.js';
import { fromMessage } from './event-batch.js';
import { MissedMessages } from './message-numbers.js';
import { pubsubName } from './publisher.js';

/** Takes what in-memory pub/sub delivers: one message at a time, tried ten times and then forgotten. */
export function createSingleDeliveries(log: Logger): Deliveries {
  const followed = new Map<string, { role: string; subscriber: Subscriber; missed: MissedMessages; route: string }>();
  return {
    // daprd's own limit on a message.
    mostBytes: 4 * 1024 * 1024,
    subscribe(role, topic: Topic, subscriber) {
      if (followed.has(topic)) throw new Error(`two roles of one process follow ${topic}`);
      followed.set(topic, { role, subscriber, missed: new MissedMessages(), route: routeOf(role, topic) });
    },
    subscriptions: () => [...followed].map(([topic, { route }]) => ({ pubsubname: pubsubName, topic, route })),
    async deliver(role, topic, body) {
      const follower = followed.get(topic);
      if (follower?.role !== role) return undefined;
      const { subscriber, missed } = follower;
      try {
        if (body instanceof Error) throw body;
        if (missed.before(body)) subscriber.catchUp();
        await subscriber.receive(fromMessage(body));
        return { status: 'SUCCESS' };
      } catch (error) {
        const isFinal = error instanceof TodoError && errorTable[error.code].retry === 'drop';
        log.error({ err: error, topic, isFinal }, 'events could not be taken');
        return { status: isFinal ? 'DROP' : 'RETRY' };
      }
    },
  };
}
