/** What the process does that measures how fast a backlog of events is published to Kafka. */
export interface DrainJob {
  readonly rounds: number;
  /** Of a round, in all. */
  readonly events: number;
  readonly users: number;
}

/** One round. Every event is three messages, one to each topic. */
export interface DrainRound {
  /** Of the relay, from its start to the acknowledgement of the last event. */
  readonly drainedPerSecond: number;
  /** Dapr's bulk publish of the same messages by itself. */
  readonly bulkPerSecond: number;
}
