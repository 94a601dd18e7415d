import { expect } from 'chai';
import { reminderFacts, remindersOf } from '../../domain/reminders/plan.js';
import type { TaskState } from '../../domain/task/task.js';

const now = '2026-11-25T09:00:00.000Z';

function task(changed: Partial<TaskState> = {}): TaskState {
  return {
    id: '01930000-0000-7000-8000-000000000001',
    user_id: 'alice',
    title: 'Pay rent',
    description: '',
    status: 'open',
    priority: 'none',
    tags: [],
    due_date: '2026-11-30T09:00',
    time_zone: 'Europe/Berlin',
    recurrence: null,
    series_id: null,
    occurrence: null,
    occurrence_date: null,
    reminders: [{ before: 'PT15M' }],
    version: 1,
    created_at: now,
    updated_at: now,
    completed_at: null,
    floating: false,
    origin: null,
    anchor: null,
    ...changed,
  };
}

/** What a change schedules (+) and cancels (-), by the instants. */
function planned(before: TaskState | null, after: TaskState | null, timestamp = now, version = 2): string[] {
  const facts = reminderFacts({
    command: { op: 'reopen', expected_versions: null },
    version,
    timestamp,
    before,
    after,
  });
  return facts.map(({ type, detail }) => {
    const sign = type === 'REMINDER_SCHEDULED' ? '+' : '-';
    return 'due_at' in detail ? `${sign}${detail.due_at}` : type;
  });
}

const instants = (changed: Partial<TaskState>): string[] => remindersOf(task(changed)).map(({ due_at }) => due_at);

describe('the instants of reminders', () => {
  it('are before the due date, in the zone of the task', () => {
    expect(instants({})).to.deep.equal(['2026-11-30T07:45:00.000Z']);
    expect(instants({ time_zone: 'America/New_York' })).to.deep.equal(['2026-11-30T13:45:00.000Z']);
  });

  it('or where the wall clock of the task’s zone says so, whatever the due date is', () => {
    const reminders = [{ at: '2026-11-29T18:00' }];
    expect(instants({ reminders })).to.deep.equal(['2026-11-29T17:00:00.000Z']);
    expect(instants({ reminders, due_date: null })).to.deep.equal(['2026-11-29T17:00:00.000Z']);
  });

  it('come in their order, each once, however often it is written', () => {
    const reminders = [{ before: 'PT15M' }, { at: '2026-11-29T18:00' }, { before: 'PT15M' }, { before: 'P1D' }];
    expect(instants({ reminders })).to.deep.equal([
      '2026-11-29T08:00:00.000Z',
      '2026-11-29T17:00:00.000Z',
      '2026-11-30T07:45:00.000Z',
    ]);
  });

  it('count days by the calendar and hours exactly over a clock change (RFC 5545 3.3.6)', () => {
    // The clocks of Berlin go forward on 2027-03-28 at two.
    const due_date = '2027-03-28T09:00';
    expect(instants({ due_date, reminders: [{ before: 'P1D' }] })).to.deep.equal(['2027-03-27T08:00:00.000Z']);
    expect(instants({ due_date, reminders: [{ before: 'PT24H' }] })).to.deep.equal(['2027-03-27T07:00:00.000Z']);
  });

  it('are before the first moment of a day, for a date without a time', () => {
    const reminders = [{ before: 'PT15M' }, { before: 'P1D' }];
    expect(instants({ due_date: '2026-11-30', reminders })).to.deep.equal([
      '2026-11-28T23:00:00.000Z',
      '2026-11-29T22:45:00.000Z',
    ]);
    // The day that begins at one: the clocks of Sao Paulo went from midnight to one.
    const first = { due_date: '2018-11-04', time_zone: 'America/Sao_Paulo', reminders: [{ before: 'PT0S' }] };
    expect(instants(first)).to.deep.equal(['2018-11-04T03:00:00.000Z']);
  });

  it('move forward by the gap where a clock change skips them, and are the first of two', () => {
    expect(instants({ reminders: [{ at: '2027-03-28T02:30' }] })).to.deep.equal(['2027-03-28T01:30:00.000Z']);
    expect(instants({ reminders: [{ at: '2026-10-25T02:30' }] })).to.deep.equal(['2026-10-25T00:30:00.000Z']);
  });

  it('are none without a due date, of a task that is done, and of years that no clock shows', () => {
    expect(instants({ due_date: null })).to.deep.equal([]);
    expect(instants({ status: 'done' })).to.deep.equal([]);
    expect(remindersOf(null)).to.deep.equal([]);
    expect(instants({ due_date: '0001-01-01', reminders: [{ before: 'P999W' }] })).to.deep.equal([]);
    const last = { due_date: '9999-12-31T23:59', time_zone: 'America/New_York' };
    expect(instants({ ...last, reminders: [{ before: 'PT1M' }] })).to.deep.equal([]);
  });
});

describe('a change of a task', () => {
  const later = '+2026-11-30T07:45:00.000Z';
  const cancelled = '-2026-11-30T07:45:00.000Z';

  it('schedules the reminders of a new task, but for those that lie before it', () => {
    const reminders = [{ before: 'PT15M' }, { at: '2026-11-25T09:00' }, { at: '2026-11-25T10:00' }];
    // Ten in Berlin is nine in UTC: this very moment.
    expect(planned(null, task({ reminders }))).to.deep.equal(['+2026-11-25T09:00:00.000Z', later]);
  });

  it('cancels them when the task is completed or deleted, and schedules them when it is open again', () => {
    const done = task({ status: 'done', version: 2 });
    expect(planned(task(), done)).to.deep.equal([cancelled]);
    expect(planned(task(), null)).to.deep.equal([cancelled]);
    expect(planned(done, task({ version: 3 }))).to.deep.equal([later]);
    expect(planned(done, task({ version: 3 }), '2026-12-01T00:00:00.000Z')).to.deep.equal([]);
  });

  it('moves those that move, and leaves the others', () => {
    const before = task({ reminders: [{ before: 'PT15M' }, { at: '2026-11-29T18:00' }] });
    expect(planned(before, { ...before, due_date: '2026-12-01T09:00' })).to.deep.equal([
      cancelled,
      '+2026-12-01T07:45:00.000Z',
    ]);
    expect(planned(before, { ...before, time_zone: 'UTC' })).to.have.length(4);
    expect(planned(before, { ...before, reminders: [{ before: 'PT15M' }] })).to.deep.equal([
      '-2026-11-29T17:00:00.000Z',
    ]);
  });

  it('leaves all of them when it is about something else', () => {
    expect(planned(task(), task({ title: 'Pay the rent', version: 2 }))).to.deep.equal([]);
  });

  it('names the same reminder the same, and each fact about it by the version', () => {
    const facts = (version: number) =>
      reminderFacts({
        command: { op: 'reopen', expected_versions: null },
        version,
        timestamp: now,
        before: null,
        after: task({ version }),
      });
    const [first] = facts(1);
    const [again] = facts(1);
    const [second] = facts(3);
    expect(again).to.deep.equal(first);
    expect(second?.detail).to.deep.equal(first?.detail);
    expect(second?.event_id).not.to.equal(first?.event_id);
  });
});
