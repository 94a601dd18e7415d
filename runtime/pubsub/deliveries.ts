import type { Topic } from '../../domain/events/topics.js';
import type { RoleName, Subscriber } from '../role.js';

/** What reaches the subscribers of this process, as the broker behind daprd delivers it. */
export interface Deliveries {
  /** Bytes of a delivery at most. */
  readonly mostBytes: number;
  /** @throws Error when it cannot be followed beside what is followed already */
  subscribe(role: RoleName, topic: Topic, subscriber: Subscriber): void;
  /** What daprd is told that this process follows (Dapr pub/sub API, programmatic subscriptions). */
  subscriptions(): readonly { readonly pubsubname: string }[];
  /**
   * Takes one delivery.
   * @param body JSON, as daprd sends it; an Error when it could not be read
   * @returns what daprd is answered; undefined when nobody follows the topic
   */
  deliver(role: string, topic: string, body: unknown): Promise<object | undefined>;
}

/** Where daprd delivers what a role follows. */
export const routeOf = (role: RoleName, topic: Topic): string => `/events/${role}/${topic}`;
