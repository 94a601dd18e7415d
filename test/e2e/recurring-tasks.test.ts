import { expect } from 'chai';
import type { Task } from '../../domain/task/task.js';
import { nextOf, recurring, storyOf } from '../support/series.js';
import { sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';
import { until } from '../support/until.js';

const day = 24 * 3_600_000;
/** `days` later on the calendar, at the same time of day. */
const later = (local: string, days: number): string =>
  new Date(Date.parse(`${local}Z`) + days * day).toISOString().slice(0, local.length);
const dueOf = ({ due_date }: Task): string => due_date ?? '';

describe('a recurring task', () => {
  const system = sharedSystem();

  async function complete(user: TestUser, task: Task): Promise<Task> {
    const reply = await user.post(`/v1/tasks/${task.id}/complete`);
    expect(reply.status, reply.text).to.equal(200);
    return reply.task;
  }
  /** Waits until a user's story has an event. */
  const told = (user: TestUser, event: string) =>
    until(event, async () => (await storyOf(user)).includes(event), 20_000);

  it('is followed by the next one when it is completed, with its fields, tags and relative reminders', async () => {
    const alice = await system().newUser();
    const first = await alice.create({
      ...recurring('Water the plants', { rule: 'FREQ=DAILY;INTERVAL=2', catch_up: 'all' }),
      description: 'All of them',
      priority: 'high',
      tags: ['home', 'garden'],
      reminders: [{ before: 'PT15M' }, { at: '2027-01-01T08:00' }],
    });
    expect(first).to.include({ series_id: first.id, occurrence: 1, occurrence_date: first.due_date });
    await complete(alice, first);
    const second = await nextOf(alice, first);
    expect(second).to.deep.include({
      title: 'Water the plants',
      description: 'All of them',
      status: 'open',
      priority: 'high',
      tags: ['home', 'garden'],
      due_date: later(dueOf(first), 2),
      time_zone: 'UTC',
      recurrence: first.recurrence,
      series_id: first.id,
      occurrence: 2,
      occurrence_date: later(dueOf(first), 2),
      reminders: [{ before: 'PT15M' }],
      version: 1,
      completed_at: null,
    });
    expect(await alice.titles('status=open')).to.deep.equal(['Water the plants']);
    await told(alice, 'TASK_RECURRED 2');
    await complete(alice, second);
    expect(await nextOf(alice, second)).to.include({ occurrence: 3, occurrence_date: later(dueOf(first), 4) });
  });

  it('is seen live, by its completion, its successor and the fact that it recurred', async () => {
    const alice = await system().newUser();
    const live = await alice.live();
    const first = await alice.create(recurring('Stretch'));
    await complete(alice, first);
    const second = await nextOf(alice, first);
    const shown = await Promise.all([1, 2, 3, 4].map((seq) => live.seq(seq)));
    expect(shown.map(({ type, task_id }) => [type, task_id])).to.deep.equal([
      ['TASK_CREATED', first.id],
      ['TASK_COMPLETED', first.id],
      ['TASK_CREATED', second.id],
      ['TASK_RECURRED', second.id],
    ]);
    expect(shown[3]?.detail).to.deep.equal({
      series_id: first.id,
      occurrence: 2,
      occurrence_date: second.occurrence_date,
      previous_task_id: first.id,
    });
    expect((await alice.changes())[2]).to.deep.include({ task: second });
  });

  it('stands in the audit log, with recurrence as who did it', async () => {
    const alice = await system().newUser();
    const first = await alice.create(recurring('Stretch'));
    await complete(alice, first);
    const second = await nextOf(alice, first);
    let entries: string[] = [];
    await until('the log has it', async () => {
      const reply = await alice.get(`/v1/audit?task_id=${second.id}`);
      entries = reply.log.entries.map(({ type, actor }) => `${type} by ${actor}`);
      return entries.length === 2;
    });
    expect(entries).to.deep.equal(['TASK_CREATED by recurrence', 'TASK_RECURRED by recurrence']);
  });

  it('completed, reopened and completed again has one successor', async () => {
    const alice = await system().newUser();
    const first = await alice.create(recurring('Stretch'));
    await complete(alice, first);
    await alice.post(`/v1/tasks/${first.id}/reopen`);
    await complete(alice, first);
    await nextOf(alice, first);
    await alice.post(`/v1/tasks/${first.id}/reopen`);
    await complete(alice, first);
    // What comes after it has come through the same way.
    const mark = await alice.create(recurring('Mark'));
    await complete(alice, mark);
    await nextOf(alice, mark);
    const story = await storyOf(alice);
    expect(story.filter((event) => event === 'TASK_RECURRED 2')).to.have.length(2);
    expect((await alice.titles('status=open')).toSorted()).to.deep.equal(['Mark', 'Stretch']);
  });

  it('completed by twenty at once has one successor', async () => {
    const alice = await system().newUser();
    const first = await alice.create(recurring('Stretch'));
    await Promise.all(Array.from({ length: 20 }, () => complete(alice, first)));
    await nextOf(alice, first);
    await told(alice, 'TASK_RECURRED 2');
    expect(await storyOf(alice)).to.deep.equal([
      'TASK_CREATED 1',
      'TASK_COMPLETED 1',
      'TASK_CREATED 2',
      'TASK_RECURRED 2',
    ]);
  });

  describe('POST /v1/tasks/{id}/skip', () => {
    it('moves it to its next slot without completing it, and again changes nothing', async () => {
      const alice = await system().newUser();
      const first = await alice.create(recurring('Stretch'));
      const skipped = await alice.post(`/v1/tasks/${first.id}/skip`);
      expect([skipped.status, skipped.header('etag')]).to.deep.equal([200, '"2"']);
      expect(skipped.task).to.include({ status: 'done', completed_at: null, version: 2 });
      expect((await alice.post(`/v1/tasks/${first.id}/skip`)).task).to.deep.equal(skipped.task);
      expect(await nextOf(alice, first)).to.include({ status: 'open', occurrence_date: later(dueOf(first), 1) });
      await told(alice, 'TASK_RECURRED 2');
      expect(await storyOf(alice)).to.deep.equal([
        'TASK_CREATED 1',
        'TASK_SKIPPED 1',
        'TASK_CREATED 2',
        'TASK_RECURRED 2',
      ]);
    });

    it('of a task that does not recur is refused', async () => {
      const alice = await system().newUser();
      const { id } = await alice.create({ title: 'Once' });
      expect((await alice.post(`/v1/tasks/${id}/skip`)).refusal).to.equal('409 not_recurring');
      expect((await alice.get(`/v1/tasks/${id}`)).task).to.include({ status: 'open', version: 1 });
    });

    it('goes by If-Match and by its Idempotency-Key', async () => {
      const alice = await system().newUser();
      const { id } = await alice.create(recurring('Stretch'));
      const path = `/v1/tasks/${id}/skip`;
      expect((await alice.post(path, undefined, { 'if-match': '"7"' })).refusal).to.equal('412 precondition_failed');
      const named = { 'idempotency-key': 'skip-it' };
      const first = await alice.post(path, undefined, named);
      const again = await alice.post(path, undefined, named);
      expect([again.task, again.header('idempotency-replayed')]).to.deep.equal([first.task, 'true']);
    });
  });

  describe('DELETE', () => {
    it('of this occurrence moves the series on to its next slot', async () => {
      const alice = await system().newUser();
      const first = await alice.create(recurring('Stretch'));
      expect((await alice.delete(`/v1/tasks/${first.id}`)).status).to.equal(204);
      expect(await nextOf(alice, first)).to.include({ occurrence: 2, occurrence_date: later(dueOf(first), 1) });
    });

    it('of one that is done takes that away, and nothing else', async () => {
      const alice = await system().newUser();
      const first = await alice.create(recurring('Stretch'));
      await complete(alice, first);
      const second = await nextOf(alice, first);
      await alice.delete(`/v1/tasks/${first.id}`);
      expect(await alice.titles()).to.deep.equal(['Stretch']);
      expect((await alice.get(`/v1/tasks/${second.id}`)).task).to.include({ version: 1 });
    });

    it('with scope=series ends it', async () => {
      const alice = await system().newUser();
      const first = await alice.create(recurring('Stretch'));
      expect((await alice.delete(`/v1/tasks/${first.id}?scope=series`)).status).to.equal(204);
      const mark = await alice.create(recurring('Mark'));
      await complete(alice, mark);
      await nextOf(alice, mark);
      expect(await alice.titles('status=open')).to.deep.equal(['Mark']);
      expect((await storyOf(alice)).slice(0, 3)).to.deep.equal(['TASK_CREATED 1', 'TASK_DELETED', 'SERIES_ENDED 1']);
    });
  });

  it('ends after its COUNT, which is told', async () => {
    const alice = await system().newUser();
    const first = await alice.create(recurring('Twice', { rule: 'FREQ=DAILY;COUNT=2', catch_up: 'all' }));
    await complete(alice, first);
    const second = await nextOf(alice, first);
    await complete(alice, second);
    await told(alice, 'SERIES_ENDED 2');
    expect(await alice.titles('status=open')).to.be.empty;
    const last = (await alice.changes()).at(-1);
    expect(last).to.deep.include({ task_id: second.id, detail: { series_id: first.id, occurrence: 2 } });
  });

  it('whose rule is changed recurs by the new one from this occurrence on', async () => {
    const alice = await system().newUser();
    const first = await alice.create(recurring('Stretch'));
    await alice.patch(`/v1/tasks/${first.id}`, { recurrence: { rule: 'FREQ=DAILY;INTERVAL=3' } });
    await complete(alice, first);
    const second = await nextOf(alice, first);
    expect(second).to.include({ due_date: later(dueOf(first), 3) });
    await alice.patch(`/v1/tasks/${second.id}`, { due_date: later(dueOf(second), 1), title: 'Stretch well' });
    await complete(alice, second);
    // Editing one occurrence leaves the series.
    expect(await nextOf(alice, second)).to.include({ due_date: later(dueOf(second), 3), title: 'Stretch well' });
  });

  it('whose rule would never match is refused, with the rule as what is wrong', async () => {
    const alice = await system().newUser();
    const task = await alice.create(recurring('Stretch'));
    const never = { recurrence: { rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' } };
    expect((await alice.patch(`/v1/tasks/${task.id}`, never)).refusal).to.equal('422 invalid /recurrence/rule');
    expect((await alice.post('/v1/tasks', { title: 'Never', due_date: '2026-11-24', ...never })).refusal).to.equal(
      '422 invalid /recurrence/rule',
    );
    expect((await alice.get(`/v1/tasks/${task.id}`)).task).to.deep.equal(task);
  });

  it('that was imported recurs, and its rule goes out as it came in', async () => {
    const alice = await system().newUser();
    const ics = [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'BEGIN:VTODO',
      'UID:watering',
      'SUMMARY:Water the plants',
      'DTSTART;VALUE=DATE:20991130',
      'DUE;VALUE=DATE:20991130',
      'RRULE:FREQ=MONTHLY;BYMONTHDAY=-1',
      'END:VTODO',
      'END:VCALENDAR',
      '',
    ].join('\r\n');
    await alice.request('POST', '/v1/import', { body: ics, headers: { 'content-type': 'text/calendar' } });
    const [first] = (await alice.get('/v1/tasks')).page.tasks;
    if (!first) throw new Error('nothing was imported');
    await complete(alice, first);
    expect(await nextOf(alice, first)).to.include({ due_date: '2099-12-31' });
    const exported = (await alice.get('/v1/export', { accept: 'text/calendar' })).text;
    expect(exported.match(/RRULE:.*/g)).to.deep.equal(Array(2).fill('RRULE:FREQ=MONTHLY;BYMONTHDAY=-1'));
  });
});
