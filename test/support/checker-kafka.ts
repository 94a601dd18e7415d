import { isDeepStrictEqual } from 'node:util';
import { groupBy, shown, type Content, type EventRow, type Json } from './checker.js';
import { allMessages, type LoggedMessage } from './kafka-log.js';

/** By the interface: where events go, and where what could not be taken from there would lie. */
const topics = ['task-events', 'task-reminders', 'task-recurrence', 'task-updates', 'task-audit'] as const;
const topicsOf = (type: string): readonly (typeof topics)[number][] => [
  type.startsWith('REMINDER_')
    ? 'task-reminders'
    : ['TASK_RECURRED', 'SERIES_ENDED'].includes(type)
      ? 'task-recurrence'
      : 'task-events',
  'task-updates',
  'task-audit',
];
const deadLetters = topics.map((topic) => `${topic}-dead-letter`);

export interface KafkaFigures {
  /** In all topics together. */
  readonly messages: number;
  /** Messages with an event that was there before. */
  readonly duplicates: number;
}

/**
 * What Kafka holds is what the database holds: in each topic every event that goes there at least once and nothing else,
 * under the key of its user and its own id, first occurrences in order of `seq`, and nothing among the dead letters.
 */
export async function checkKafka(
  brokers: string,
  { events, everybody }: Content,
): Promise<{ faults: string[]; figures: KafkaFigures }> {
  const faults: string[] = [];
  const expected = expectedData(events);
  const checked = new Set(events.map((event) => event.user_id));
  const places = new Map<string, Places>(
    topics.map((topic) => {
      const own = events.filter(({ type }) => topicsOf(type).includes(topic));
      return [topic, new Places(topic, own, faults)];
    }),
  );
  const figures = { messages: 0, duplicates: 0 };

  for await (const message of allMessages(brokers, [...topics, ...deadLetters])) {
    const { topic, key, value } = message;
    const user = key?.toString() ?? '';
    const topicPlaces = places.get(topic);
    if (!topicPlaces) {
      faults.push(`${topic} holds ${value?.toString().slice(0, 500)}`);
      continue;
    }
    // Others have used the same system before.
    if (!checked.has(user) && everybody.has(user)) continue;
    figures.messages += 1;
    const event = parse(value);
    const data = expected.get(String(event['id']));
    if (!data || !isDeepStrictEqual(event['data'], data)) {
      faults.push(`${topic} holds under ${user} what was never committed: ${value?.toString().slice(0, 500)}`);
    } else if (data['user_id'] !== user) {
      faults.push(`${topic} holds an event of ${String(data['user_id'])} under the key ${user}`);
    } else if (!topicPlaces.take(message, user, Number(data['seq']))) {
      figures.duplicates += 1;
    }
  }
  for (const topicPlaces of places.values()) topicPlaces.expectAll();
  return { faults, figures };
}

/** How far each user has come in one topic. */
class Places {
  private readonly expected: ReadonlyMap<string, readonly number[]>;
  private readonly last = new Map<string, { count: number; seq: number; readonly partition: number }>();

  /** @param events all that belong into the topic */
  constructor(
    private readonly topic: string,
    events: readonly EventRow[],
    private readonly faults: string[],
  ) {
    const byUser = groupBy(events, ({ user_id }) => user_id);
    this.expected = new Map([...byUser].map(([user, own]) => [user, own.map(({ seq }) => seq)]));
  }

  /** @returns false when it was there before */
  take({ partition }: LoggedMessage, user: string, seq: number): boolean {
    const place = this.last.get(user) ?? { count: 0, seq: 0, partition };
    this.last.set(user, place);
    const about = `${this.topic}, ${user}`;
    if (place.partition !== partition) this.faults.push(`${about}: in partitions ${place.partition} and ${partition}`);
    if (seq <= place.seq) return false;
    if (seq !== this.expected.get(user)?.[place.count]) {
      this.faults.push(`${about}: seq ${seq} first comes after ${place.seq}`);
    }
    place.count += 1;
    place.seq = seq;
    return true;
  }

  expectAll(): void {
    for (const [user, seqs] of this.expected) {
      const seq = this.last.get(user)?.seq ?? 0;
      if (seq !== seqs.at(-1)) this.faults.push(`${this.topic}, ${user}: it ends with seq ${seq} of ${seqs.at(-1)}`);
    }
  }
}

/** What each event says wherever it goes, by its id. */
function expectedData(events: readonly EventRow[]): Map<string, Json> {
  const last = new Map<string, Json | null>();
  return new Map(
    events.map(({ task, occurred_at, detail, ...same }) => {
      const about = `${same.user_id} ${same.task_id}`;
      const after = shown(task);
      const before = detail ? null : (last.get(about) ?? null);
      last.set(about, after);
      const said = { ...same, timestamp: occurred_at.toISOString(), before, after };
      return [same.event_id, detail ? { ...said, detail } : said];
    }),
  );
}

function parse(value: Buffer | null): Json {
  try {
    const event: unknown = JSON.parse(value?.toString() ?? '');
    return typeof event === 'object' && event !== null ? { ...event } : {};
  } catch {
    return {};
  }
}
