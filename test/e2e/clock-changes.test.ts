import { expect } from 'chai';
import type { Change, DetailOf } from '../../domain/events/event.js';
import type { Task } from '../../domain/task/task.js';
import { reminderChanges, remindersOf } from '../support/reminders.js';
import { nextOf } from '../support/series.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import { TestClock } from '../support/test-clock.js';
import type { TestUser } from '../support/test-user.js';
import { until } from '../support/until.js';

/*
 * Every time below was taken from the calendar, and is written out: Berlin is an hour ahead of UTC in winter and two in
 * summer; in 2027 its clocks go forward on 28 March (02:00 becomes 03:00) and back on 31 October (03:00 becomes 02:00).
 */

type Due = DetailOf<'REMINDER_DUE'>;
const withinMs = 60_000;
const hour = 3_600;

describe('a system whose clock is set', () => {
  let clock: TestClock;
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    clock = await TestClock.at('2027-01-30T22:00:00Z');
    system = await startTestSystem({ env: clock.env });
  });
  after(async () => {
    await system.remove();
    await clock.remove();
  });
  beforeEach(function () {
    this.currentTest?.timeout(300_000);
  });

  const inBerlin = (title: string, due_date: string, recurrence: string): Parameters<TestUser['create']>[0] => ({
    title,
    due_date,
    time_zone: 'Europe/Berlin',
    recurrence,
    reminders: [{ before: 'PT0S' }],
  });
  async function complete(user: TestUser, { id }: Task): Promise<Task> {
    const reply = await user.post(`/v1/tasks/${id}/complete`);
    expect(reply.status, reply.text).to.equal(200);
    return reply.task;
  }
  /** What came due of a user's reminders, in the order in which it did. */
  const dueOf = async (user: TestUser): Promise<Due[]> =>
    (await reminderChanges(user)).flatMap(({ type, detail }: Change) =>
      type === 'REMINDER_DUE' && detail && 'late_by_seconds' in detail && !('channel' in detail) ? [detail] : [],
    );
  /** Waits until these have come due and were delivered, and no others. */
  async function come(user: TestUser, ...instants: string[]): Promise<readonly Due[]> {
    const count = instants.length;
    await until(`${count} come due`, async () => (await dueOf(user)).length >= count, withinMs);
    const delivered = async () => (await remindersOf(user, 'status=delivered')).length;
    await until(`${count} are delivered`, async () => (await delivered()) >= count, withinMs);
    const due = await dueOf(user);
    expect(due.map(({ due_at }) => due_at)).to.deep.equal(instants);
    expect(await delivered()).to.equal(count);
    // One line of the log for each: what is marked as delivered was sent once.
    const lines = due.map(({ reminder_id }) => system.lines.filter((line) => isLineOf(line, reminder_id)).length);
    expect(lines).to.deep.equal(due.map(() => 1));
    return due;
  }
  const isLineOf = (line: string, reminderId: string): boolean =>
    line.includes('"channel":"log"') && line.includes(`"reminder_id":"${reminderId}"`);
  const pending = async (user: TestUser): Promise<string[]> =>
    (await remindersOf(user, 'status=pending')).map(({ due_at }) => due_at);

  it('has tasks of the 31st come on the last day of a short month, with and without a time', async () => {
    const alice = await system.newUser();
    await clock.set('2027-01-30T22:00:00Z');
    const rent = await alice.create(inBerlin('Pay rent', '2027-01-31T10:00', 'monthly'));
    const books = await alice.create(inBerlin('Close the books', '2027-01-31', 'monthly'));
    expect(rent)
      .to.include({ created_at: rent.updated_at })
      .and.property('created_at')
      .match(/^2027-01-30T22:0/);

    await clock.set('2027-01-30T22:59:58Z');
    await come(alice, '2027-01-30T23:00:00.000Z');
    await clock.set('2027-01-31T08:59:58Z');
    await come(alice, '2027-01-30T23:00:00.000Z', '2027-01-31T09:00:00.000Z');
    expect((await complete(alice, rent)).completed_at).to.match(/^2027-01-31T09:0/);
    await complete(alice, books);
    const february = [await nextOf(alice, rent, withinMs), await nextOf(alice, books, withinMs)] as const;
    expect(february.map(({ due_date }) => due_date)).to.deep.equal(['2027-02-28T10:00', '2027-02-28']);
    expect(await pending(alice)).to.deep.equal(['2027-02-27T23:00:00.000Z', '2027-02-28T09:00:00.000Z']);

    await clock.set('2027-02-28T08:59:58Z');
    const past = ['2027-01-30T23:00:00.000Z', '2027-01-31T09:00:00.000Z'];
    await come(alice, ...past, '2027-02-27T23:00:00.000Z', '2027-02-28T09:00:00.000Z');
    for (const task of february) await complete(alice, task);
    const march = [await nextOf(alice, february[0], withinMs), await nextOf(alice, february[1], withinMs)];
    expect(march.map(({ due_date }) => due_date)).to.deep.equal(['2027-03-31T10:00', '2027-03-31']);
    // Summer time by then.
    expect(await pending(alice)).to.deep.equal(['2027-03-30T22:00:00.000Z', '2027-03-31T08:00:00.000Z']);
  });

  it('says what comes next from its present day on, and which of it a clock change moves', async () => {
    const alice = await system.newUser();
    await clock.set('2027-03-27T12:00:00Z');
    const task = await alice.create(inBerlin('Wind the clocks', '2027-03-01T02:30', 'daily'));
    const reply = await alice.get(`/v1/tasks/${task.id}/occurrences?count=2`);
    expect(JSON.parse(reply.text)).to.deep.equal({
      occurrences: [
        { local: '2027-03-28T03:30', utc: '2027-03-28T01:30:00Z', shifted: true },
        { local: '2027-03-29T02:30', utc: '2027-03-29T00:30:00Z', shifted: false },
      ],
    });
  });

  it('has a task of the hour that is left out in spring come an hour later, and the next day at its own', async () => {
    const alice = await system.newUser();
    await clock.set('2027-03-28T00:50:00Z');
    const first = await alice.create(inBerlin('Wind the clocks', '2027-03-28T02:30', 'daily'));
    expect(await pending(alice)).to.deep.equal(['2027-03-28T01:30:00.000Z']);
    await clock.set('2027-03-28T01:29:57Z');
    await come(alice, '2027-03-28T01:30:00.000Z');

    await complete(alice, first);
    const second = await nextOf(alice, first, withinMs);
    expect(second.due_date).to.equal('2027-03-29T02:30');
    expect(await pending(alice)).to.deep.equal(['2027-03-29T00:30:00.000Z']);
    await clock.set('2027-03-29T00:29:57Z');
    await come(alice, '2027-03-28T01:30:00.000Z', '2027-03-29T00:30:00.000Z');
  });

  it('brings no reminder again when it is set back, and all that are still to come', async () => {
    const alice = await system.newUser();
    await clock.set('2027-06-15T10:00:00Z');
    const at = (title: string, time: string) =>
      alice.create({ title, time_zone: 'UTC', reminders: [{ at: `2027-06-15T${time}` }] });
    await at('first', '10:10');
    await at('last', '10:40');
    await clock.set('2027-06-15T10:09:57Z');
    await come(alice, '2027-06-15T10:10:00.000Z');

    await clock.set('2027-06-15T09:09:57Z');
    const made = await at('made in the hour that comes twice', '09:20');
    expect(made.created_at).to.match(/^2027-06-15T09:(09|1)/);
    await clock.set('2027-06-15T09:19:57Z');
    await come(alice, '2027-06-15T10:10:00.000Z', '2027-06-15T09:20:00.000Z');

    // Past the first one once more.
    await clock.set('2027-06-15T10:09:57Z');
    await at('right after the first', '10:15');
    await clock.set('2027-06-15T10:39:57Z');
    await come(
      alice,
      ...['2027-06-15T10:10:00.000Z', '2027-06-15T09:20:00.000Z'],
      ...['2027-06-15T10:15:00.000Z', '2027-06-15T10:40:00.000Z'],
    );
  });

  it('brings all reminders of the days that it is set forward by, each once, and says how late they are', async () => {
    const alice = await system.newUser();
    await clock.set('2027-07-01T08:00:00Z');
    const days = ['2027-07-01T09:00', '2027-07-02T09:00', '2027-07-03T07:00', '2027-07-03T09:00'];
    await alice.create({ title: 'Water the plants', time_zone: 'UTC', reminders: days.map((at) => ({ at })) });
    await clock.set('2027-07-03T08:00:00Z');
    const missed = ['2027-07-01T09:00:00.000Z', '2027-07-02T09:00:00.000Z', '2027-07-03T07:00:00.000Z'];
    const due = await come(alice, ...missed);
    // Of the whole hours.
    expect(due.map(({ late_by_seconds }) => Math.floor(late_by_seconds / hour))).to.deep.equal([47, 23, 1]);
    expect(await pending(alice)).to.deep.equal(['2027-07-03T09:00:00.000Z']);
    await clock.set('2027-07-03T08:59:57Z');
    await come(alice, ...missed, '2027-07-03T09:00:00.000Z');
  });

  it('has a task of the hour that comes twice in autumn come in the first of them, once', async () => {
    const alice = await system.newUser();
    await clock.set('2027-10-30T20:00:00Z');
    const first = await alice.create(inBerlin('Wind the clocks', '2027-10-31T02:30', 'daily'));
    await alice.create({ title: 'Half past two again', time_zone: 'UTC', reminders: [{ at: '2027-10-31T01:30' }] });
    expect(await pending(alice)).to.deep.equal(['2027-10-31T00:30:00.000Z', '2027-10-31T01:30:00.000Z']);
    await clock.set('2027-10-31T00:29:57Z');
    await come(alice, '2027-10-31T00:30:00.000Z');
    await clock.set('2027-10-31T01:29:57Z');
    await come(alice, '2027-10-31T00:30:00.000Z', '2027-10-31T01:30:00.000Z');

    await complete(alice, first);
    const second = await nextOf(alice, first, withinMs);
    expect(second.due_date).to.equal('2027-11-01T02:30');
    expect(await pending(alice)).to.deep.equal(['2027-11-01T01:30:00.000Z']);
    await clock.set('2027-11-01T01:29:57Z');
    await come(alice, ...['2027-10-31T00:30:00.000Z', '2027-10-31T01:30:00.000Z'], '2027-11-01T01:30:00.000Z');
  });
});
