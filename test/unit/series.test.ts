import { expect } from 'chai';
import { derivedId } from '../../domain/events/derived-id.js';
import { nextSlot } from '../../domain/recurrence/next-slot.js';
import { occurrenceId, seriesConsequences, takeStep, type StepAhead } from '../../domain/recurrence/series.js';
import type { ActorKind, ChangeCommand, RecurCommand, TaskCommand, TaskFields } from '../../domain/task/commands.js';
import { decide } from '../../domain/task/decide.js';
import { evolve } from '../../domain/task/evolve.js';
import type { TaskState } from '../../domain/task/task.js';
import { TodoError } from '../../domain/errors.js';

const id = '7b2d6f0e-3c1a-4e0b-9a51-8f4f6f1f2a10';
const now = '2026-11-30T10:00:00.000Z';
const about = { userId: 'alice', taskId: id, userZone: 'Europe/Berlin', now };

const create = (more: Partial<TaskFields> = {}): ChangeCommand => ({
  op: 'create',
  fields: {
    title: 'Pay rent',
    description: 'By standing order',
    priority: 'high',
    tags: ['home'],
    due_date: '2026-11-30T09:00',
    time_zone: 'Europe/Berlin',
    recurrence: 'monthly',
    reminders: [{ before: 'PT15M' }, { at: '2026-11-29T18:00' }],
    ...more,
  },
});
const update = (patch: Partial<TaskFields>): ChangeCommand => ({ op: 'update', patch, expected_versions: null });
const complete: ChangeCommand = { op: 'complete', expected_versions: null };
const reopen: ChangeCommand = { op: 'reopen', expected_versions: null };
const skip: ChangeCommand = { op: 'skip', expected_versions: null };
const remove = (scope: 'this' | 'series'): ChangeCommand => ({ op: 'delete', scope, expected_versions: null });

/** The task after commands, one after the other. */
function after(...commands: ChangeCommand[]): TaskState {
  let state: TaskState | null = null;
  for (const command of commands) state = step(state, command)[1];
  if (!state) throw new Error('the task is gone');
  return state;
}
function step(before: TaskState | null, command: ChangeCommand) {
  const event = decide(before, command, about);
  const version = (before?.version ?? 0) + 1;
  return [event, event ? evolve(before, event, { version, timestamp: now }) : before, version] as const;
}
/** What a command on a task means for its series. */
function consequences(before: TaskState | null, command: ChangeCommand, actor: ActorKind = 'rest') {
  const [event, task, version] = step(before, command);
  if (!event) throw new Error('nothing happens');
  const happening = {
    userId: 'alice',
    taskId: id,
    command,
    actor,
    event,
    version,
    timestamp: now,
    before,
    after: task,
  };
  return seriesConsequences(happening);
}

describe('what a task is in its series', () => {
  it('is its first occurrence when it is created, counted from its due date', () => {
    expect(after(create())).to.deep.include({
      series_id: id,
      occurrence: 1,
      occurrence_date: '2026-11-30T09:00',
      anchor: { date: '2026-11-30T09:00', occurrence: 1 },
    });
  });

  it('a due date that moves leaves the slot, and what is counted from', () => {
    expect(after(create(), update({ due_date: '2026-12-02T17:00' }))).to.deep.include({
      due_date: '2026-12-02T17:00',
      occurrence_date: '2026-11-30T09:00',
      anchor: { date: '2026-11-30T09:00', occurrence: 1 },
    });
    expect(after(create(), update({ due_date: null }))).to.deep.include({ occurrence_date: '2026-11-30T09:00' });
  });

  it('a rule that changes holds from this occurrence on, counted from its due date', () => {
    const fifth: TaskState = { ...after(create()), occurrence: 5 };
    const changed = evolved(fifth, update({ recurrence: 'weekly', due_date: '2026-12-02T17:00' }));
    expect(changed).to.deep.include({
      series_id: id,
      occurrence: 5,
      occurrence_date: '2026-12-02T17:00',
      anchor: { date: '2026-12-02T17:00', occurrence: 5 },
    });
  });

  it('how it catches up may change without counting anew', () => {
    const rule = { rule: 'FREQ=MONTHLY', basis: 'due_date', catch_up: 'next' } as const;
    const moved = after(create({ recurrence: rule }), update({ due_date: '2026-12-02T17:00' }));
    expect(evolved(moved, update({ recurrence: { ...rule, catch_up: 'all' } })).anchor).to.deep.equal(moved.anchor);
    expect(evolved(moved, update({ recurrence: { ...rule, basis: 'completion' } })).anchor?.date).to.equal(
      '2026-12-02T17:00',
    );
  });

  it('begins to count with its first due date', () => {
    const undated = after(create({ due_date: null }));
    expect(undated).to.deep.include({ occurrence: 1, occurrence_date: null, anchor: null });
    expect(evolved(undated, update({ due_date: '2026-12-24' }))).to.deep.include({
      occurrence_date: '2026-12-24',
      anchor: { date: '2026-12-24', occurrence: 1 },
    });
  });

  it('that it left is not the one that it begins later: their occurrences are not mistaken for each other', () => {
    const again = after(create(), update({ recurrence: null }), update({ recurrence: 'weekly' }));
    expect(again).to.include({ occurrence: 1, occurrence_date: '2026-11-30T09:00' });
    expect(again.series_id).to.be.a('string').not.equal(id);
  });

  it('a rule that never matches is refused, when the task is created and when it is changed', () => {
    const never = { rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', basis: 'due_date', catch_up: 'next' } as const;
    for (const command of [
      () => after(create({ recurrence: never })),
      () => after(create(), update({ recurrence: never })),
    ]) {
      expect(command).to.throw(TodoError).with.nested.property('errors[0].pointer', '/recurrence/rule');
    }
    const untilThen = { ...never, rule: 'FREQ=MONTHLY;UNTIL=20261231' };
    const begun = after(create({ recurrence: untilThen }));
    expect(() =>
      evolved(begun, update({ recurrence: { ...untilThen, rule: 'FREQ=MONTHLY;UNTIL=20261001' } })),
    ).to.throw(TodoError);
  });

  function evolved(before: TaskState, command: ChangeCommand): TaskState {
    const [, task] = step(before, command);
    if (!task) throw new Error('the task is gone');
    return task;
  }
});

describe('the step of a series', () => {
  const made = { facts: [], step: { kind: 'made', series_id: id, occurrence: 1 } };

  it('is asked for by a completion, a skip and a deletion of an open occurrence', () => {
    const open = after(create());
    for (const command of [complete, skip, remove('this')]) expect(consequences(open, command)).to.deep.equal(made);
  });

  it('is asked for by nothing else', () => {
    const open = after(create());
    const done = after(create(), complete);
    expect(consequences(null, create())).to.equal(null);
    expect(consequences(open, update({ title: 'Rent' }))).to.equal(null);
    expect(consequences(done, reopen)).to.equal(null);
    expect(consequences(done, remove('this'))).to.equal(null);
    expect(consequences(done, remove('series'))).to.equal(null);
    expect(consequences(after(create({ recurrence: null })), complete)).to.equal(null);
  });

  it('is asked for again when what was done with an occurrence is undone', () => {
    expect(consequences(after(create(), complete), reopen, 'undo')).to.deep.equal(made);
    expect(consequences(null, create(), 'undo')).to.deep.equal(made);
  });

  it('does not follow where the series is ended, which is told', () => {
    const ended = {
      facts: [
        {
          type: 'SERIES_ENDED',
          event_id: derivedId(id, 1, 'ended'),
          detail: { series_id: id, occurrence: 1 },
        },
      ],
      step: null,
    };
    expect(consequences(after(create()), remove('series'))).to.deep.equal(ended);
    expect(consequences(after(create()), update({ recurrence: null }))).to.deep.equal(ended);
    expect(consequences(after(create(), complete), update({ recurrence: null }))).to.equal(null);
  });

  const ahead = (more: Partial<StepAhead> = {}): StepAhead => ({
    task: after(create(), complete),
    isOpenAgain: false,
    at: now,
    successor: null,
    ...more,
  });
  const take = (more: Partial<StepAhead> = {}) => takeStep(ahead(more), 'Asia/Tokyo', '2026-11-30T10:00:01.000Z');
  const created = { version: 1, type: 'TASK_CREATED', actor: 'recurrence' } as const;

  it('makes the next occurrence: its fields and relative reminders, at the next slot, under its own name', () => {
    expect(take()).to.deep.equal({
      type: 'TASK_CREATED',
      task: {
        id: occurrenceId(id, 2),
        user_id: 'alice',
        title: 'Pay rent',
        description: 'By standing order',
        status: 'open',
        priority: 'high',
        tags: ['home'],
        due_date: '2026-12-30T09:00',
        time_zone: 'Europe/Berlin',
        floating: false,
        recurrence: 'monthly',
        series_id: id,
        occurrence: 2,
        occurrence_date: '2026-12-30T09:00',
        anchor: { date: '2026-11-30T09:00', occurrence: 1 },
        reminders: [{ before: 'PT15M' }],
        created_at: '2026-11-30T10:00:01.000Z',
        completed_at: null,
        origin: null,
      },
    });
  });

  it("gives a task that names no zone the user's own, as it is now", () => {
    const task = after(create({ time_zone: null }), complete);
    expect(take({ task })).to.have.nested.include({ 'task.time_zone': 'Asia/Tokyo', 'task.floating': true });
  });

  it('an imported task is followed by one that no file has brought', () => {
    const task: TaskState = { ...after(create(), complete), origin: { source_id: 'uid', digest: 'a' } };
    expect(take({ task })).to.have.nested.property('task.origin', null);
  });

  it('makes none where there is one, or was one that somebody deleted', () => {
    expect(take({ successor: created })).to.equal(null);
    expect(take({ successor: { version: 7, type: 'TASK_UPDATED', actor: 'rest' } })).to.equal(null);
    expect(take({ successor: { version: 2, type: 'TASK_DELETED', actor: 'rest' } })).to.equal(null);
  });

  it('makes it again where undoing had taken it away', () => {
    const successor = { version: 2, type: 'TASK_DELETED', actor: 'undo' } as const;
    expect(take({ successor })).to.have.property('type', 'TASK_CREATED');
  });

  it('takes the next occurrence away when this one is open again, as long as nobody has touched that', () => {
    const undone = { task: after(create()), isOpenAgain: true };
    expect(take({ ...undone, successor: created })).to.deep.equal({ type: 'TASK_DELETED' });
    expect(take({ ...undone, successor: { ...created, version: 3 } })).to.deep.equal({ type: 'TASK_DELETED' });
    expect(take({ ...undone, successor: { version: 2, type: 'TASK_UPDATED', actor: 'rest' } })).to.equal(null);
    expect(take(undone)).to.equal(null);
  });

  it('ends the series where no slot is left', () => {
    const recurrence = { rule: 'FREQ=MONTHLY;COUNT=1', basis: 'due_date', catch_up: 'next' } as const;
    expect(take({ task: after(create({ recurrence }), complete) })).to.equal('ended');
  });

  it('is taken with the commit that does what it asks for, by the version that asked', () => {
    const command: RecurCommand = { op: 'recur', series_id: id, occurrence: 1, task_id: id, version: 2, at: now };
    const event = take();
    if (event === null || event === 'ended') throw new Error('nothing is made');
    const commit = (version: number) => {
      const task = evolve(null, event, { version, timestamp: now });
      const shared = { userId: 'alice', taskId: occurrenceId(id, 2), actor: 'recurrence', timestamp: now } as const;
      const recur: TaskCommand = command;
      return seriesConsequences({ ...shared, command: recur, event, version, before: null, after: task });
    };
    const first = commit(1);
    expect(first).to.deep.equal({
      facts: [
        {
          type: 'TASK_RECURRED',
          event_id: derivedId(id, 2, 'recurred'),
          detail: { series_id: id, occurrence: 2, occurrence_date: '2026-12-30T09:00', previous_task_id: id },
        },
      ],
      step: { kind: 'taken', series_id: id, occurrence: 1, version: 2 },
    });
    // Made again after an undo, it is another fact.
    expect(commit(3)?.facts[0]?.event_id).not.to.equal(first?.facts[0]?.event_id);
  });
});

describe('skip', () => {
  it('is done with, without having been completed; again, it changes nothing', () => {
    expect(after(create(), skip)).to.include({ status: 'done', completed_at: null, version: 2 });
    expect(after(create(), skip, skip)).to.include({ version: 2 });
    expect(after(create(), complete, skip)).to.include({ completed_at: now, version: 2 });
  });

  it('of a task that does not recur is refused', () => {
    expect(() => after(create({ recurrence: null }), skip))
      .to.throw(TodoError)
      .with.property('code', 'not_recurring');
  });
});

describe('rezone', () => {
  it("gives a task that names no zone the user's own, and leaves every other as it is", () => {
    const floating = after(create({ time_zone: null }));
    const moved = decide(floating, { op: 'rezone' }, { ...about, userZone: 'Asia/Tokyo' });
    expect(moved).to.deep.equal({ type: 'TASK_UPDATED', changes: { time_zone: 'Asia/Tokyo' } });
    expect(decide(floating, { op: 'rezone' }, about)).to.equal(null);
    expect(decide(after(create()), { op: 'rezone' }, { ...about, userZone: 'Asia/Tokyo' })).to.equal(null);
  });

  it('leaves a series where it is on the clock', () => {
    const floating = after(create({ time_zone: null }));
    const slot = nextSlot({ ...floating, time_zone: 'Asia/Tokyo' }, Date.parse(now), 'Asia/Tokyo');
    expect(slot?.slot.local).to.equal('2026-12-30T09:00');
  });
});
