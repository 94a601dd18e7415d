import { expect } from 'chai';
import fc from 'fast-check';
import { Backlog } from '../../actors/relay/backlog.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { groupByUser } from '../../domain/events/in-order.js';
import { eventAt, eventsOf } from '../support/events.js';

/** A backlog of users of whom nothing is published yet, as the database says. */
function backlogOf(limits: Partial<{ users: number; events: number }> = {}, positions = new Map<string, number>()) {
  return new Backlog({ users: 100, events: 1_000, ...limits }, (userId) => positions.get(userId));
}

/** Reads as the publisher does, at most `most` events of a user. @returns how many users were asked for */
function read(backlog: Backlog, database: ReadonlyMap<string, readonly CommittedEvent[]>, most = 50): number {
  const userIds = backlog.toRead(10);
  const places = backlog.learn(new Map(userIds.map((userId) => [userId, 0])));
  const found = places.flatMap(({ user_id, after }) =>
    (database.get(user_id) ?? []).filter(({ seq }) => seq > after).slice(0, most),
  );
  backlog.fill(places, groupByUser(found));
  backlog.readingEnded(userIds);
  return userIds.length;
}

const names = (events: readonly CommittedEvent[]): string[] => events.map(({ user_id, seq }) => `${user_id} ${seq}`);
const knownPositions = (...users: string[]) => new Map(users.map((user) => [user, 0]));

describe('the backlog of the relay', () => {
  it('hands out one event of each user, the next one only after the acknowledgement', () => {
    const backlog = backlogOf({}, knownPositions('ann', 'ben'));
    for (const event of [...eventsOf('ann', 1, 3), ...eventsOf('ben', 1, 2)]) backlog.add(event);
    const first = backlog.take(10, 1);
    expect(names(first)).to.deep.equal(['ann 1', 'ben 1']);
    expect(backlog.take(10, 1)).to.deep.equal([]);
    backlog.acknowledge(first.slice(0, 1));
    expect(names(backlog.take(10, 1))).to.deep.equal(['ann 2']);
    backlog.putBack(first.slice(1));
    expect(names(backlog.take(10, 1))).to.deep.equal(['ben 1']);
  });

  it('hands out many events of a user in order where that is asked for, and no more than asked for', () => {
    const backlog = backlogOf({}, knownPositions('ann', 'ben'));
    for (const event of [...eventsOf('ann', 1, 3), ...eventsOf('ben', 1, 3)]) backlog.add(event);
    expect(names(backlog.take(4, 10))).to.deep.equal(['ann 1', 'ann 2', 'ann 3', 'ben 1']);
  });

  it('lets users take turns', () => {
    const backlog = backlogOf({}, knownPositions('ann', 'ben', 'cid'));
    for (const user of ['ann', 'ben', 'cid']) for (const event of eventsOf(user, 1, 2)) backlog.add(event);
    const order: string[] = [];
    for (let some = backlog.take(2, 1); some.length > 0; some = backlog.take(2, 1)) {
      order.push(...names(some));
      backlog.acknowledge(some);
    }
    expect(order).to.deep.equal(['ann 1', 'ben 1', 'cid 1', 'ann 2', 'ben 2', 'cid 2']);
  });

  it('asks for what is missing before an event, and for what is said to come after it', () => {
    const backlog = backlogOf({}, knownPositions('ann'));
    backlog.add(eventAt('ann', 3));
    backlog.heardOf('ann', 4, 0);
    expect(backlog.readyUsers).to.equal(0);
    read(backlog, new Map([['ann', eventsOf('ann', 1, 4)]]));
    expect(names(backlog.take(10, 10))).to.deep.equal(['ann 1', 'ann 2', 'ann 3', 'ann 4']);
  });

  it('asks for the next events while there still are some', () => {
    const database = new Map([['ann', eventsOf('ann', 1, 60)]]);
    const backlog = backlogOf();
    backlog.heardOf('ann', 60, 0);
    read(backlog, database, 25);
    expect(read(backlog, database, 25)).to.equal(0);
    for (let round = 0; round < 10; round += 1) backlog.acknowledge(backlog.take(1, 1));
    expect(backlog.readyUsers).to.equal(1);
    expect(read(backlog, database, 25)).to.equal(1);
  });

  it('hands out every event once and in order, whatever is told when', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('tell' as const), user: fc.constantFrom('ann', 'ben', 'cid') }),
      fc.record({ kind: fc.constant('hear' as const), user: fc.constantFrom('ann', 'ben', 'cid') }),
      fc.record({ kind: fc.constant('miss' as const), user: fc.constantFrom('ann', 'ben', 'cid') }),
      fc.record({ kind: fc.constantFrom('take' as const, 'acknowledge' as const, 'fail' as const, 'read' as const) }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.constantFrom(1, 3),
        fc.constantFrom(2, 1_000),
        (steps, ofUser, room) => {
          const database = new Map<string, CommittedEvent[]>();
          const positions = new Map<string, number>();
          const backlog = new Backlog({ users: 100, events: room }, (userId) => positions.get(userId));
          const published = new Map<string, number[]>();
          const underWay: CommittedEvent[][] = [];
          const commit = (user: string): CommittedEvent => {
            const events = database.get(user) ?? [];
            const event = eventAt(user, events.length + 1);
            database.set(user, [...events, event]);
            return event;
          };
          const take = (): void => {
            const events = backlog.take(2, ofUser);
            if (events.length > 0) underWay.push(events);
          };
          const acknowledge = (): void => {
            const events = underWay.shift() ?? [];
            for (const { user_id, seq } of events) {
              published.set(user_id, [...(published.get(user_id) ?? []), seq]);
              positions.set(user_id, seq);
            }
            backlog.acknowledge(events);
          };
          for (const action of steps) {
            if (action.kind === 'tell') backlog.add(commit(action.user));
            else if (action.kind === 'hear') backlog.heardOf(action.user, commit(action.user).seq, 0);
            else if (action.kind === 'miss') commit(action.user);
            else if (action.kind === 'take') take();
            else if (action.kind === 'acknowledge') acknowledge();
            else if (action.kind === 'fail') backlog.putBack(underWay.shift() ?? []);
            else read(backlog, database, 2);
          }
          // At last a sweep finds all, and nothing fails any more.
          for (const [user, events] of database) backlog.heardOf(user, events.length, 0);
          for (let round = 0; !backlog.isEmpty; round += 1) {
            if (round > 1_000) throw new Error('it comes to no end');
            read(backlog, database, 2);
            take();
            acknowledge();
          }
          expect(backlog.eventsInMemory).to.equal(0);
          for (const [user, events] of database) {
            expect(published.get(user)).to.deep.equal(events.map(({ seq }) => seq));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps a bound on events and on users in memory, and says when it has passed one over', () => {
    const backlog = backlogOf({ users: 4, events: 10 }, knownPositions('ann'));
    for (const event of eventsOf('ann', 1, 30)) backlog.add(event);
    expect(backlog.eventsInMemory).to.equal(10);
    expect(backlog.lag(0).events).to.equal(30);
    for (const user of ['ben', 'cid', 'dan']) backlog.heardOf(user, 1, 0);
    expect([backlog.hasForgotten, backlog.hasRoom]).to.deep.equal([false, false]);
    backlog.heardOf('eve', 1, 0);
    expect(backlog.hasForgotten).to.equal(true);
  });

  it('reads on though memory is full, when nothing in it could be handed out', () => {
    const backlog = backlogOf({ events: 5 }, knownPositions('ann'));
    for (const event of eventsOf('ann', 3, 7)) backlog.add(event);
    expect(read(backlog, new Map([['ann', eventsOf('ann', 1, 7)]]))).to.equal(1);
    expect(names(backlog.take(10, 10))).to.have.length(7);
  });

  it('tells how many events it is behind and how old the oldest is, by its own memory', () => {
    const backlog = backlogOf({}, new Map([['ann', 2]]));
    const now = Date.parse(eventAt('ann', 30).timestamp);
    expect(backlog.lag(now)).to.deep.equal({ events: 0, seconds: 0 });
    for (const event of eventsOf('ann', 3, 10)) backlog.add(event);
    backlog.heardOf('ben', 5, now - 9_000);
    // Of ben nothing more is known than that there is an event; the position has not been read.
    expect(backlog.lag(now)).to.deep.equal({ events: 9, seconds: 27 });
    backlog.acknowledge(backlog.take(5, 5));
    expect(backlog.lag(now)).to.deep.equal({ events: 4, seconds: 23 });
  });
});
