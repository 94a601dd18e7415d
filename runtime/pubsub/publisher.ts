import type { CommittedEvent } from '../../domain/events/event.js';
import type { Topic } from '../../domain/events/topics.js';

/** The pub/sub component that is published through; which kind it is, its file says. */
export const pubsubName = 'pubsub';

/** Hands events to the sidecar, as the broker behind it needs them. */
export interface Publisher {
  /** See {@link Dapr.publish}. */
  publish(topic: Topic, events: readonly CommittedEvent[]): Promise<void>;
}
