import { deadLetterTopic, topics, topicTable } from '../../domain/events/topics.js';

const dayMs = 24 * 3_600_000;
/** Partitions can only grow, and growing moves users to others: enough of them from the start, and shared evenly by 2, 3, 4 or 6. */
const partitions = 12;
/** A dead letter is read by a person: in one line, and within a month. */
const deadLetterPartitions = 1;
const deadLetterKeptMs = 30 * dayMs;
/** More than `maxMessageBytes` of dapr-components/pubsub-kafka.yaml, since it counts what a producer sends at once. */
const mostBytes = 1024 * 1024;

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
export const wantedTopics: readonly WantedTopic[] = topics.flatMap((topic) => [
  wanted(topic, partitions, topicTable[topic].keptMs),
  wanted(deadLetterTopic(topic), deadLetterPartitions, deadLetterKeptMs),
]);
