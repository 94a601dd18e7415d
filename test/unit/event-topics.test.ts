import { expect } from 'chai';
import { derivedId } from '../../domain/events/derived-id.js';
import type { TaskEventType } from '../../domain/events/event.js';
import { eventSchemas } from '../../domain/events/schema.js';
import { byTopic, topicsOf, type Topic } from '../../domain/events/topics.js';
import { emptyBatch } from '../../runtime/pubsub/event-batch.js';
import { BatchPublisher } from '../../runtime/pubsub/batch-publisher.js';
import { MissedMessages, type NumberedBatch } from '../../runtime/pubsub/message-numbers.js';
import { eventsOf, factAt } from '../support/events.js';

/** By the interface. */
const ownTopics: Readonly<Partial<Record<Topic, readonly string[]>>> = {
  'task-events': ['TASK_CREATED', 'TASK_UPDATED', 'TASK_COMPLETED', 'TASK_REOPENED', 'TASK_SKIPPED', 'TASK_DELETED'],
  'task-reminders': ['REMINDER_SCHEDULED', 'REMINDER_CANCELLED', 'REMINDER_DUE', 'REMINDER_DELIVERED'],
  'task-recurrence': ['TASK_RECURRED', 'SERIES_ENDED'],
};

describe('the topics of events', () => {
  it('are for each type its own, the live feed’s and the log’s', () => {
    for (const type of Object.keys(eventSchemas) as TaskEventType[]) {
      const own = Object.entries(ownTopics).find(([, types]) => types.includes(type));
      expect(topicsOf(type), type).to.deep.equal([own?.[0], 'task-updates', 'task-audit']);
    }
  });

  it('get each their part of what is published together, in its order, and the very list where that is all of it', () => {
    const [first, second] = eventsOf('alice', 1, 2);
    const fact = factAt('alice', 3, 2);
    const events = [first!, fact, second!];
    const parts = byTopic(events);
    expect([...parts.keys()]).to.have.members(['task-events', 'task-reminders', 'task-updates', 'task-audit']);
    expect(parts.get('task-events')).to.deep.equal([first, second]);
    expect(parts.get('task-reminders')).to.deep.equal([fact]);
    expect(parts.get('task-updates')).to.equal(events);
    expect(parts.get('task-audit')).to.equal(events);
  });

  it('have each numbers of their own within one process, in which nothing is missing when other topics get more', async () => {
    const missed = new Map<Topic, MissedMessages>();
    const gaps: Topic[] = [];
    const publisher = new BatchPublisher((topic: Topic, message: NumberedBatch) => {
      const watch = missed.get(topic) ?? new MissedMessages();
      missed.set(topic, watch);
      if (watch.before(message)) gaps.push(topic);
      return Promise.resolve();
    });
    const changes = eventsOf('alice', 1, 2);
    for (const events of [changes, [factAt('alice', 3, 2)], [...eventsOf('bob', 1, 1), factAt('bob', 2, 1)]]) {
      for (const [topic, part] of byTopic(events)) await publisher.publish(topic, part);
    }
    await publisher.publish('task-recurrence', []);
    expect(gaps).to.deep.equal([]);
    expect([...missed.keys()]).to.have.length(5);
    // And one that is lost is noticed where it was lost.
    const lost = new MissedMessages();
    expect(lost.before({ ...emptyBatch(), source: '/x', sequence: '2' })).to.equal(true);
  });
});

describe('a derived id', () => {
  it('is a UUID of version 5 by RFC 9562, the same for the same name whenever it is made', () => {
    // Kept in databases: a change of this value would give things a second name.
    expect(derivedId('a', 1)).to.equal('46ed64e7-1724-5923-b118-47e0f6aae594');
    expect(derivedId('a:1')).to.equal(derivedId('a', 1));
    for (let number = 0; number < 200; number += 1) {
      expect(derivedId('x', number)).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it('is another one for another name', () => {
    const ids = Array.from({ length: 1_000 }, (_, number) => derivedId('x', number));
    expect(new Set(ids).size).to.equal(1_000);
  });
});
