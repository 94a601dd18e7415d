import { expect } from 'chai';
import type { Change } from '../../domain/events/event.js';
import { reminderChanges, reminderIn, remindersOf } from '../support/reminders.js';
import { sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';
import { until } from '../support/until.js';

const typesOf = (changes: readonly Change[]): string[] => changes.map(({ type }) => type);

describe('reminders', () => {
  const system = sharedSystem();

  /** Waits until so many have come due. */
  async function untilDue(user: TestUser, count: number): Promise<readonly Change[]> {
    let due: readonly Change[] = [];
    await until(
      `${count} reminders come due`,
      async () => (due = (await reminderChanges(user)).filter(({ type }) => type === 'REMINDER_DUE')).length >= count,
      30_000,
    );
    return due;
  }

  it('come due at their time, and are listed before and after', async () => {
    const alice = await system().newUser();
    const reminder = reminderIn(2_000);
    const task = await alice.create({ title: 'Pay rent', time_zone: 'UTC', reminders: [reminder] });
    const [pending, ...others] = await remindersOf(alice, 'status=pending');
    expect(others).to.deep.equal([]);
    expect(pending).to.deep.include({ task_id: task.id, occurrence: null, reminder, status: 'pending', channel: null });

    const [due] = await untilDue(alice, 1);
    expect(due?.task).to.deep.equal(task);
    expect(due?.detail).to.deep.include({ reminder_id: pending?.reminder_id, due_at: pending?.due_at, reminder });
    expect(Date.parse(due?.timestamp ?? '')).to.be.at.least(Date.parse(pending?.due_at ?? ''));
    await until('it is delivered', async () => (await remindersOf(alice, 'status=delivered')).length === 1);
    const [delivered] = await remindersOf(alice);
    expect(delivered).to.include({ status: 'delivered', channel: 'log', reminder_id: pending?.reminder_id });
    expect(delivered?.late_by_seconds).to.be.at.least(0);
    expect(typesOf(await reminderChanges(alice))).to.deep.equal([
      'REMINDER_SCHEDULED',
      'REMINDER_DUE',
      'REMINDER_DELIVERED',
    ]);
  });

  it('leave the task as it was: its version and its entity tag', async () => {
    const alice = await system().newUser();
    const task = await alice.create({ title: 'Pay rent', time_zone: 'UTC', reminders: [reminderIn(1_000)] });
    await untilDue(alice, 1);
    const reply = await alice.get(`/v1/tasks/${task.id}`);
    expect(reply.task).to.deep.equal(task);
    expect(reply.headers.get('etag')).to.equal('"1"');
  });

  it('that are of one moment come together, those of another with it or after', async () => {
    const alice = await system().newUser();
    const first = reminderIn(3_000);
    const second = reminderIn(4_000);
    for (const title of ['a', 'b', 'c']) await alice.create({ title, time_zone: 'UTC', reminders: [first] });
    await alice.create({ title: 'd', time_zone: 'UTC', reminders: [second, first] });
    const due = await untilDue(alice, 5);
    const instants = due.map(({ detail }) => (detail && 'due_at' in detail ? detail.due_at : ''));
    expect(instants).to.deep.equal([...instants].sort());
    expect(new Set(due.slice(0, 4).map(({ timestamp }) => timestamp))).to.have.property('size', 1);
  });

  it('are cancelled when the task is completed, deleted or has lost them, and move with it', async () => {
    const alice = await system().newUser();
    const reminders = [reminderIn(60_000)];
    const tasks = await alice.createAll(
      ...['completed', 'deleted', 'without', 'moved'].map((title) => ({ title, time_zone: 'UTC', reminders })),
    );
    const [completed, deleted, without, moved] = tasks.map(({ id }) => `/v1/tasks/${id}`);
    await alice.post(`${completed}/complete`);
    await alice.delete(deleted ?? '');
    await alice.patch(without ?? '', { reminders: null });
    await alice.patch(moved ?? '', { reminders: [reminderIn(1_000)] });
    const [due, ...others] = await untilDue(alice, 1);
    expect(others).to.deep.equal([]);
    expect(due?.task?.title).to.equal('moved');
    await until('it is delivered', async () => (await remindersOf(alice, 'status=pending')).length === 0);
    const cancelled = await remindersOf(alice, 'status=cancelled');
    expect(cancelled.map(({ task_id }) => task_id).sort()).to.deep.equal(tasks.map(({ id }) => id).sort());
  });

  it('of a task that recurs are cancelled when it is skipped, and the next one has its own', async () => {
    const alice = await system().newUser();
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 16);
    const fields = { due_date: tomorrow, time_zone: 'UTC', recurrence: 'daily', reminders: [{ before: 'PT1H' }] };
    const task = await alice.create({ title: 'Water the plants', ...fields });
    expect((await alice.post(`/v1/tasks/${task.id}/skip`)).status).to.equal(200);
    await until('the next one has a reminder', async () => (await remindersOf(alice, 'status=pending')).length === 1);
    const [next] = await remindersOf(alice, 'status=pending');
    const [cancelled] = await remindersOf(alice, 'status=cancelled');
    expect(cancelled).to.include({ task_id: task.id, occurrence: 1 });
    expect(next).to.include({ occurrence: 2 });
    expect(next?.task_id).not.to.equal(task.id);
    expect(Date.parse(next?.due_at ?? '') - Date.parse(cancelled?.due_at ?? '')).to.equal(86_400_000);
  });

  it('follow the zone of their user, for tasks that go by it', async () => {
    const alice = await system().newUser();
    const fields = { due_date: '2036-11-30T09:00', reminders: [{ before: 'PT1H' }] };
    const floating = await alice.create({ title: 'wherever I am', ...fields });
    await alice.create({ title: 'in Tokyo', ...fields, time_zone: 'Asia/Tokyo' });
    expect((await alice.patch('/v1/me', { time_zone: 'America/New_York' })).status).to.equal(200);
    const moved = async () => (await remindersOf(alice, 'status=pending')).map(({ due_at }) => due_at);
    await until('it moved', async () => (await moved()).includes('2036-11-30T13:00:00.000Z'));
    expect(await moved()).to.deep.equal(['2036-11-29T23:00:00.000Z', '2036-11-30T13:00:00.000Z']);
    expect((await alice.get(`/v1/tasks/${floating.id}`)).task).to.include({
      time_zone: 'America/New_York',
      due_date: '2036-11-30T09:00',
      version: 2,
    });
  });

  it('whose time was before they were written do not come', async () => {
    const alice = await system().newUser();
    await alice.create({ title: 'late', due_date: '2020-01-01T09:00', reminders: [{ before: 'PT1H' }] });
    expect(await remindersOf(alice)).to.deep.equal([]);
    expect(await reminderChanges(alice)).to.deep.equal([]);
  });

  it('are not another user’s', async () => {
    const alice = await system().newUser();
    const bob = await system().newUser();
    await alice.create({ title: 'Pay rent', time_zone: 'UTC', reminders: [reminderIn(60_000)] });
    expect(await remindersOf(bob)).to.deep.equal([]);
  });
});
