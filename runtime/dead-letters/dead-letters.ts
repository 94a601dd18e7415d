import { deadLetterTopic, topics, type Topic } from '../../domain/events/topics.js';
import type { DeadLetter } from '../pubsub/dead-letter.js';
import { readRecord, type Replayed } from './records.js';
import type { StoredMessages } from './stored-messages.js';

/** Which dead letters are meant; all of them when nothing is said. */
export interface Selection {
  readonly topic?: Topic | undefined;
  readonly role?: string | undefined;
}

/**
 * The dead letters that nobody has replayed yet, each once however often it lies there, the oldest of a topic first. Reads
 * each topic twice, so as to hold no more than ids in memory.
 * @param onForeign told of each topic on which something else lies too, and how many messages of that
 */
export async function* openLetters(
  messages: StoredMessages,
  selection: Selection,
  onForeign: (topic: string, count: number) => void,
): AsyncGenerator<DeadLetter> {
  for (const topic of selection.topic ? [selection.topic] : topics) {
    const open = new Set<string>();
    let foreign = 0;
    for await (const { value } of messages.all(deadLetterTopic(topic))) {
      const record = readRecord(value);
      if (record === null) foreign += 1;
      else if ('replayed_at' in record) open.delete(record.id);
      // The same once more after a replay: it was refused again at its old place.
      else if (selection.role === undefined || record.role === selection.role) open.add(record.id);
    }
    if (foreign > 0) onForeign(deadLetterTopic(topic), foreign);
    if (open.size === 0) continue;
    for await (const { value } of messages.all(deadLetterTopic(topic))) {
      const record = readRecord(value);
      if (record && !('replayed_at' in record) && open.delete(record.id)) yield record;
    }
  }
}

/** A dead letter as it was laid down last, and its last replay. */
export interface LetterHistory {
  readonly letter: DeadLetter;
  readonly replayed: Replayed | null;
}

/** @returns null when there is none of that id on its topic */
export async function findLetter(messages: StoredMessages, topic: Topic, id: string): Promise<LetterHistory | null> {
  let letter: DeadLetter | null = null;
  let replayed: Replayed | null = null;
  for await (const { value } of messages.all(deadLetterTopic(topic))) {
    const record = readRecord(value);
    if (record?.id !== id) continue;
    if ('replayed_at' in record) {
      replayed = record;
    } else {
      letter = record;
      replayed = null;
    }
  }
  return letter && { letter, replayed };
}
