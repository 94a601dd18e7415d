import type { Logger } from 'pino';
import { errorTable, TodoError } from '../../domain/errors.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { Topic } from '../../domain/events/topics.js';
import type { RoleName, Subscriber } from '../role.js';
import { type Deliveries, routeOf } from './deliveries.js';
import { fromMessage } from './event-batch.js';
import { MissedMessages } from './message-numbers.js';
import { pubsubName } from './publisher.js';

/** A topic that is followed; daprd has one subscription for it, by the route of the first of its followers. */
interface Followed {
  readonly route: string;
  readonly followers: Map<RoleName, Subscriber>;
  readonly missed: MissedMessages;
}

/** Takes what in-memory pub/sub delivers: one message at a time, tried ten times and then forgotten. */
export function createSingleDeliveries(log: Logger): Deliveries {
  const followed = new Map<string, Followed>();
  return {
    // daprd's own limit on a message.
    mostBytes: 4 * 1024 * 1024,
    subscribe(role, topic: Topic, subscriber) {
      const { followers } = followed.get(topic) ?? {};
      if (followers) followers.set(role, subscriber);
      else {
        const route = routeOf(role, topic);
        followed.set(topic, { route, followers: new Map([[role, subscriber]]), missed: new MissedMessages() });
      }
    },
    subscriptions: () => [...followed].map(([topic, { route }]) => ({ pubsubname: pubsubName, topic, route })),
    async deliver(role, topic, body) {
      const found = followed.get(topic);
      if (found?.route !== `/events/${role}/${topic}`) return undefined;
      const { followers, missed } = found;
      let events: CommittedEvent[];
      try {
        if (body instanceof Error) throw body;
        if (missed.before(body)) for (const follower of followers.values()) follower.catchUp();
        events = fromMessage(body);
      } catch (error) {
        return { status: refused(error, topic) };
      }
      // Each by itself: what one of them cannot take, the others have. It comes again to all, who find that they have it.
      const answers = await Promise.all(
        [...followers].map(async ([follower, subscriber]) => {
          try {
            await subscriber.receive(events);
            return 'SUCCESS';
          } catch (error) {
            return refused(error, topic, follower);
          }
        }),
      );
      return { status: ['RETRY', 'DROP'].find((answer) => answers.includes(answer)) ?? 'SUCCESS' };
    },
  };

  function refused(error: unknown, topic: string, role?: RoleName): string {
    const isFinal = error instanceof TodoError && errorTable[error.code].retry === 'drop';
    log.error({ err: error, topic, role, isFinal }, 'events could not be taken');
    return isFinal ? 'DROP' : 'RETRY';
  }
}
