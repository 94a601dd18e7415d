import { toCloudEvent } from '../../domain/events/cloud-event.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { Topic } from '../../domain/events/topics.js';
import { inChunks } from './event-size.js';
import type { EventSignatures } from './event-signatures.js';
import type { Publisher } from './publisher.js';

/**
 * Publishes to Kafka by Dapr's bulk publish: a message an event, key = user_id. Within what is handed over at once the
 * producer may change the order when a broker fails, so a user's next event is not handed over before the one before it
 * is acknowledged; see docs/decisions/0009-events-on-kafka.md.
 */
export class BulkPublisher implements Publisher {
  /** The same events go to several topics: their requests are made once. */
  private readonly rounds = new WeakMap<readonly CommittedEvent[], Promise<readonly (readonly string[])[]>>();

  /** @param send sends the body of a bulk publish request; resolves when the broker has all of it */
  constructor(
    private readonly send: (topic: Topic, body: string) => Promise<void>,
    private readonly signatures: Pick<EventSignatures, 'signer'>,
  ) {}

  async publish(topic: Topic, events: readonly CommittedEvent[]): Promise<void> {
    for (const bulks of await this.roundsOf(events)) await Promise.all(bulks.map((bulk) => this.send(topic, bulk)));
  }

  private roundsOf(events: readonly CommittedEvent[]): Promise<readonly (readonly string[])[]> {
    let rounds = this.rounds.get(events);
    if (!rounds) {
      rounds = this.makeRounds(events);
      this.rounds.set(events, rounds);
      rounds.catch(() => this.rounds.delete(events));
    }
    return rounds;
  }

  private async makeRounds(events: readonly CommittedEvent[]): Promise<readonly (readonly string[])[]> {
    const sign = await this.signatures.signer();
    return oneOfEachUser(events).map((round) =>
      inChunks(round).map((chunk) => JSON.stringify(chunk.map((event) => toEntry(event, sign(event))))),
    );
  }
}

/** The first event of each user, then the second of each that has one, and so on. */
function oneOfEachUser(events: readonly CommittedEvent[]): CommittedEvent[][] {
  const rounds: CommittedEvent[][] = [];
  const counts = new Map<string, number>();
  for (const event of events) {
    const round = counts.get(event.user_id) ?? 0;
    counts.set(event.user_id, round + 1);
    (rounds[round] ??= []).push(event);
  }
  return rounds;
}

/** An entry of a bulk publish request (Dapr pub/sub API). */
function toEntry(event: CommittedEvent, signature: string): object {
  return {
    entryId: event.event_id,
    event: { ...toCloudEvent(event), signature },
    contentType: 'application/cloudevents+json',
    metadata: { partitionKey: event.user_id },
  };
}
