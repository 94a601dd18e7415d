import { expect } from 'chai';
import type { ImportedFields, ChangeCommand, TaskFields } from '../../domain/task/commands.js';
import { decide, type Circumstances } from '../../domain/task/decide.js';
import { evolve } from '../../domain/task/evolve.js';
import type { TaskState } from '../../domain/task/task.js';
import { TodoError } from '../../domain/errors.js';

const about: Circumstances = {
  userId: 'alice',
  taskId: '7b2d6f0e-3c1a-4e0b-9a51-8f4f6f1f2a10',
  userZone: 'Europe/Berlin',
  now: '2026-11-24T10:00:00.000Z',
};

const fields: TaskFields = {
  title: 'Pay rent',
  description: '',
  priority: 'none',
  tags: [],
  due_date: null,
  time_zone: null,
  recurrence: null,
  reminders: [],
};

/** Lets commands happen one after the other, each an hour after the one before. */
function after(...commands: ChangeCommand[]): TaskState | null {
  let state: TaskState | null = null;
  commands.forEach((command, index) => {
    const timestamp = new Date(Date.parse(about.now) + index * 3_600_000).toISOString();
    const event = decide(state, command, { ...about, now: timestamp });
    if (event) state = evolve(state, event, { version: (state?.version ?? 0) + 1, timestamp });
  });
  return state;
}

const create = (more: Partial<TaskFields> = {}): ChangeCommand => ({ op: 'create', fields: { ...fields, ...more } });
const update = (patch: Partial<TaskFields>): ChangeCommand => ({ op: 'update', patch, expected_versions: null });
const complete: ChangeCommand = { op: 'complete', expected_versions: null };
const reopen: ChangeCommand = { op: 'reopen', expected_versions: null };
const remove: ChangeCommand = { op: 'delete', scope: 'this', expected_versions: null };

describe('the rules of a task', () => {
  it('a new task is open, at version 1, in the zone of its user when it names none', () => {
    const task = after(create());
    expect(task).to.include({ status: 'open', version: 1, time_zone: 'Europe/Berlin', floating: true });
    expect(task).to.include({ series_id: null, occurrence: null, occurrence_date: null, completed_at: null });
  });

  it('a zone that is named is kept, and null gives the task back to the zone of its user', () => {
    expect(after(create({ time_zone: 'Asia/Tokyo' }))).to.include({ time_zone: 'Asia/Tokyo', floating: false });
    expect(after(create({ time_zone: 'Asia/Tokyo' }), update({ time_zone: null }))).to.include({
      time_zone: 'Europe/Berlin',
      floating: true,
    });
  });

  it('completing sets the time, and completing again changes nothing', () => {
    const task = after(create(), complete);
    expect(task).to.include({ status: 'done', completed_at: '2026-11-24T11:00:00.000Z', version: 2 });
    expect(after(create(), complete, complete)).to.deep.equal(task);
  });

  it('reopening takes the time of completion away, and reopening an open task changes nothing', () => {
    expect(after(create(), complete, reopen)).to.include({ status: 'open', completed_at: null, version: 3 });
    expect(after(create(), reopen)).to.include({ version: 1 });
  });

  it('an update that says what is so already changes nothing', () => {
    expect(after(create({ tags: ['home'] }), update({ title: 'Pay rent', tags: ['home'] }))).to.include({ version: 1 });
  });

  it('a command on a task that does not exist, or is deleted, is not_found', () => {
    for (const command of [update({ title: 'x' }), complete, reopen, remove]) {
      expect(() => decide(null, command, about))
        .to.throw(TodoError)
        .with.property('code', 'not_found');
      expect(() => after(create(), remove, command))
        .to.throw(TodoError)
        .with.property('code', 'not_found');
    }
  });

  it('a command that expects another version is refused and tells the version', () => {
    const stale: ChangeCommand = { op: 'update', patch: { title: 'x' }, expected_versions: [1, 2] };
    expect(() => after(create(), complete, reopen, stale))
      .to.throw(TodoError, 'version 3')
      .with.property('code', 'precondition_failed');
    expect(after(create(), complete, { ...stale, patch: { title: 'x' } })).to.include({ title: 'x' });
  });

  it('a task that begins to recur starts a series at its due date; moving the date leaves the slot', () => {
    const started = after(create({ recurrence: 'monthly', due_date: '2026-11-30' }));
    expect(started).to.include({ series_id: about.taskId, occurrence: 1, occurrence_date: '2026-11-30' });
    const moved = after(create({ recurrence: 'monthly', due_date: '2026-11-30' }), update({ due_date: '2026-12-01' }));
    expect(moved).to.include({ due_date: '2026-12-01', occurrence_date: '2026-11-30' });
    const later = after(create({ due_date: '2026-11-30' }), update({ recurrence: 'weekly' }));
    expect(later).to.include({ series_id: about.taskId, occurrence: 1, occurrence_date: '2026-11-30' });
  });

  it('a task that ceases to recur leaves its series', () => {
    const task = after(create({ recurrence: 'daily', due_date: '2026-11-30' }), update({ recurrence: null }));
    expect(task).to.include({ recurrence: null, series_id: null, occurrence: null, occurrence_date: null });
  });
});

describe('an imported task', () => {
  const imported: ImportedFields = { ...fields, status: 'open', completed_at: null, created_at: null };
  const entry = (digest: string, more: Partial<ImportedFields> = {}): ChangeCommand => ({
    op: 'import',
    fields: { ...imported, ...more },
    origin: { source_id: 'uid-1', digest },
  });

  it('keeps its own times and comes in done when it is done', () => {
    const done = entry('a', {
      status: 'done',
      completed_at: '2018-04-17T18:43:02.000Z',
      created_at: '2018-04-17T18:43:00.000Z',
    });
    expect(after(done)).to.include({
      status: 'done',
      completed_at: '2018-04-17T18:43:02.000Z',
      created_at: '2018-04-17T18:43:00.000Z',
    });
  });

  it('that was skipped comes in done, and was never completed', () => {
    expect(after(entry('a', { status: 'done', skipped: true }))).to.include({ status: 'done', completed_at: null });
    expect(after(entry('a'), entry('b', { status: 'done', skipped: true }))).to.include({ completed_at: null });
  });

  it('is not touched by the same entry again, even after its user changed it', () => {
    const task = after(entry('a'), update({ title: 'mine now' }), entry('a'));
    expect(task).to.include({ title: 'mine now', version: 2 });
  });

  it('takes what a changed entry says', () => {
    const task = after(entry('a'), entry('b', { title: 'from the file', status: 'done' }));
    expect(task).to.include({ title: 'from the file', status: 'done', version: 2 });
    expect(task?.origin).to.deep.equal({ source_id: 'uid-1', digest: 'b' });
  });

  it('comes back when it was deleted and is imported again', () => {
    expect(after(entry('a'), remove, entry('a'))).to.include({ title: 'Pay rent', version: 1 });
  });
});
