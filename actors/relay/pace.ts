/** What stands behind the sidecar's pub/sub. */
export type Broker = 'in-memory' | 'kafka';

/** How events are handed to the sidecar. */
export interface Pace {
  /** Into how many lanes the users are divided; each lane is published by one process. */
  readonly lanes: number;
  /** The most events of one call. */
  readonly eventsAtOnce: number;
  /** The most events of one user in a call. A user's next ones wait until the sidecar has taken these. */
  readonly eventsOfUser: number;
  /** Calls under way at once. A second one begins only when there is enough for it to be full. */
  readonly callsAtOnce: number;
}

/**
 * In-memory pub/sub delivers in the order of the calls, and one subscriber at a time works off whole batches: one call after
 * the other, each with all there is. Kafka's order within a call is lost when a broker fails, so a call has one event of a
 * user; users do not wait for each other, so several calls of different users are under way.
 */
export const paces: Readonly<Record<Broker, Pace>> = {
  'in-memory': { lanes: 1, eventsAtOnce: 200, eventsOfUser: 200, callsAtOnce: 1 },
  kafka: { lanes: 16, eventsAtOnce: 100, eventsOfUser: 1, callsAtOnce: 4 },
};
