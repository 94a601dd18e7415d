const dayMs = 24 * 3_600_000;

interface TopicPlan {
  readonly writtenBy: string;
  readonly readBy: string;
  /** How long an event is kept, in milliseconds; -1: for ever. */
  readonly keptMs: number;
}

/**
 * Who writes and who reads each topic, and how long it is kept: what a topic forgets, `GET /v1/changes` still knows.
 * Key = user_id in all of them.
 */
export const topicTable = {
  'task-events': { writtenBy: 'the event relay', readBy: 'recurrence, notification', keptMs: 7 * dayMs },
  'task-reminders': { writtenBy: 'the event relay', readBy: 'notification', keptMs: 7 * dayMs },
  'task-recurrence': { writtenBy: 'the event relay', readBy: 'whoever follows series', keptMs: 7 * dayMs },
  // Who follows it live asks the database for what is older.
  'task-updates': { writtenBy: 'the event relay', readBy: 'websocket', keptMs: dayMs },
  'task-audit': { writtenBy: 'the event relay', readBy: 'audit', keptMs: -1 },
} as const satisfies Record<string, TopicPlan>;

/** Partitions can only grow, and growing moves users to others: enough of them from the start, and shared evenly by 2, 3, 4 or 6. */
const partitions = 12;
/** A dead letter is read by a person: in one line, and within a month. */
const deadLetterPartitions = 1;
const deadLetterKeptMs = 30 * dayMs;
/** More than `maxMessageBytes` of dapr-components/pubsub-kafka.yaml, since it counts what a producer sends at once. */
const mostBytes = 3 * 1024 * 1024;

export const deadLetterTopic = (topic: string): string => `${topic}-dead-letter`;

/** A topic as it shall be. */
export interface WantedTopic {
  readonly name: string;
  readonly partitions: number;
  /** Settings of the topic by Kafka's names, but for `min.insync.replicas`. */
  readonly settings: Readonly<Record<string, string>>;
}

const wanted = (name: string, count: number, keptMs: number): WantedTopic => ({
  name,
  partitions: count,
  settings: {
    'cleanup.policy': 'delete',
    'retention.ms': String(keptMs),
    // Kept by time alone: an event that counts must not go because others were many.
    'retention.bytes': '-1',
    'max.message.bytes': String(mostBytes),
  },
});

/** Every topic of the interface, and beside each the one for what nobody could take from it. */
export const wantedTopics: readonly WantedTopic[] = Object.entries(topicTable).flatMap(([name, { keptMs }]) => [
  wanted(name, partitions, keptMs),
  wanted(deadLetterTopic(name), deadLetterPartitions, deadLetterKeptMs),
]);
