import { expect } from 'chai';
import { nextSlot } from '../../domain/recurrence/next-slot.js';
import type { Recurrence, TaskState } from '../../domain/task/task.js';

/** An occurrence of a series: `of 31 January` reads what is not said from the date. */
function occurrence(
  recurrence: Recurrence,
  slot: string | null,
  more: Partial<TaskState> & { anchorDate?: string; anchorOccurrence?: number } = {},
): TaskState {
  const { anchorDate = slot, anchorOccurrence = 1, ...changed } = more;
  return {
    id: '7b2d6f0e-3c1a-4e0b-9a51-8f4f6f1f2a10',
    user_id: 'alice',
    title: 'Pay rent',
    description: '',
    status: 'done',
    priority: 'none',
    tags: [],
    due_date: slot,
    time_zone: 'Europe/Berlin',
    recurrence,
    series_id: '7b2d6f0e-3c1a-4e0b-9a51-8f4f6f1f2a10',
    occurrence: 1,
    occurrence_date: slot,
    reminders: [],
    version: 2,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    completed_at: null,
    floating: false,
    origin: null,
    anchor: anchorDate === null ? null : { date: anchorDate, occurrence: anchorOccurrence },
    ...changed,
  };
}

const rule = (text: string, more: { basis?: 'completion'; catch_up?: 'all' } = {}): Recurrence => ({
  rule: text,
  basis: 'due_date',
  catch_up: 'next',
  ...more,
});

/** The local time of the next slot, when the occurrence is completed at `at`. */
const next = (task: TaskState, at: string, userZone = 'Europe/Berlin'): string | null =>
  nextSlot(task, Date.parse(at), userZone)?.slot.local ?? null;

describe('the next slot of a series', () => {
  describe('completed in time', () => {
    const examples: [string, TaskState, string, string | null][] = [
      ['daily', occurrence('daily', '2026-11-24T09:00'), '2026-11-24T08:30:00Z', '2026-11-25T09:00'],
      ['weekly', occurrence('weekly', '2026-11-24'), '2026-11-24T08:30:00Z', '2026-12-01'],
      [
        'monthly, 31 January → 28 February',
        occurrence('monthly', '2026-01-31T09:00'),
        '2026-01-31T08:00:00Z',
        '2026-02-28T09:00',
      ],
      [
        'monthly, 28 February → 31 March, for it began on the 31st',
        occurrence('monthly', '2026-02-28T09:00', { anchorDate: '2026-01-31T09:00', occurrence: 2 }),
        '2026-02-28T08:00:00Z',
        '2026-03-31T09:00',
      ],
      ['yearly, 29 February → 28 February', occurrence('yearly', '2028-02-29'), '2028-02-29T12:00:00Z', '2029-02-28'],
      [
        'every second week, in its own weeks',
        occurrence(rule('FREQ=WEEKLY;INTERVAL=2;BYDAY=TU'), '2026-12-08', {
          anchorDate: '2026-11-24',
          occurrence: 2,
        }),
        '2026-12-08T08:00:00Z',
        '2026-12-22',
      ],
      [
        'daily over the clock change of March: the wall time stays',
        occurrence('daily', '2026-03-28T09:00'),
        '2026-03-28T08:00:00Z',
        '2026-03-29T09:00',
      ],
      [
        'daily over the clock change of October: the wall time stays',
        occurrence('daily', '2026-10-24T09:00'),
        '2026-10-24T07:00:00Z',
        '2026-10-25T09:00',
      ],
      [
        'a month with two occurrences the day after each other',
        occurrence(rule('FREQ=MONTHLY;BYMONTHDAY=30,31;SKIP=BACKWARD'), '2026-01-30'),
        '2026-01-30T12:00:00Z',
        '2026-01-31',
      ],
    ];
    for (const [title, task, at, expected] of examples) {
      it(title, () => {
        expect(next(task, at)).to.equal(expected);
      });
    }

    it('a moved due date does not move it', () => {
      const moved = occurrence('weekly', '2026-11-24', { due_date: '2026-11-28' });
      expect(next(moved, '2026-11-27T12:00:00Z')).to.equal('2026-12-01');
    });

    it('completed before it is due, it is still the one after it', () => {
      expect(next(occurrence('weekly', '2026-11-24'), '2026-11-01T12:00:00Z')).to.equal('2026-12-01');
    });
  });

  describe('a time that does not exist, and one that exists twice', () => {
    const daily = (slot: string): TaskState => occurrence('daily', slot, { anchorDate: '2026-01-01T02:30' });

    it('02:30 on the night of March is 03:30, and 02:30 again on the next', () => {
      expect(next(daily('2026-03-28T02:30'), '2026-03-28T03:00:00Z')).to.equal('2026-03-29T03:30');
      expect(next(daily('2026-03-29T03:30'), '2026-03-29T03:00:00Z')).to.equal('2026-03-30T02:30');
    });

    it('is still to come until the gap is over, and over from then on', () => {
      // 03:15 is later on the clock than 02:30, but the slot is at 03:30.
      expect(next(daily('2026-03-20T02:30'), '2026-03-29T01:15:00Z')).to.equal('2026-03-29T03:30');
      expect(next(daily('2026-03-20T02:30'), '2026-03-29T01:30:00Z')).to.equal('2026-03-30T02:30');
    });

    it('02:30 on the night of October is the first of the two', () => {
      // Between the two, at 02:10 of winter time.
      expect(next(daily('2026-10-20T02:30'), '2026-10-25T01:10:00Z')).to.equal('2026-10-26T02:30');
      // Before the first.
      expect(next(daily('2026-10-20T02:30'), '2026-10-25T00:10:00Z')).to.equal('2026-10-25T02:30');
    });
  });

  describe('completed late', () => {
    it('catch_up next: the first one still to come', () => {
      expect(next(occurrence('daily', '2026-11-01T09:00'), '2026-11-24T07:59:59Z')).to.equal('2026-11-24T09:00');
      // Exactly then is not later.
      expect(next(occurrence('daily', '2026-11-01T09:00'), '2026-11-24T08:00:00Z')).to.equal('2026-11-25T09:00');
      expect(next(occurrence('daily', '2026-11-01T09:00'), '2026-11-24T08:00:00.500Z')).to.equal('2026-11-25T09:00');
    });

    it('catch_up next: a day is still to come until it is over, in the zone of the task', () => {
      // 23:30 in Berlin is 22:30 in UTC; half an hour later it is the next day there.
      expect(next(occurrence('daily', '2026-11-01'), '2026-11-24T22:30:00Z')).to.equal('2026-11-24');
      expect(next(occurrence('daily', '2026-11-01'), '2026-11-24T23:00:00Z')).to.equal('2026-11-25');
      expect(next(occurrence('daily', '2026-11-24'), '2026-11-24T12:00:00Z'), 'not the same again').to.equal(
        '2026-11-25',
      );
    });

    it('catch_up all: each one that was missed', () => {
      const all = rule('FREQ=DAILY', { catch_up: 'all' });
      expect(next(occurrence(all, '2026-11-01T09:00'), '2026-11-24T12:00:00Z')).to.equal('2026-11-02T09:00');
      expect(next(occurrence(all, '2026-11-01'), '2026-11-24T12:00:00Z')).to.equal('2026-11-02');
    });

    it('leaves the phase of the series as it is', () => {
      const task = occurrence(rule('FREQ=WEEKLY;INTERVAL=2'), '2026-11-03T09:00');
      expect(next(task, '2026-11-18T12:00:00Z')).to.equal('2026-12-01T09:00');
    });

    it('takes no longer when thousands of slots were missed', () => {
      const task = occurrence(rule('FREQ=MINUTELY'), '1990-01-01T00:00');
      expect(next(task, '2026-11-18T12:00:30Z')).to.equal('2026-11-18T13:01');
    });
  });

  describe('the end of a series', () => {
    it('COUNT counts the slots from the first', () => {
      const third = { anchorDate: '2026-11-24', occurrence: 2 };
      expect(next(occurrence(rule('FREQ=DAILY;COUNT=3'), '2026-11-25', third), '2026-11-25T12:00:00Z')).to.equal(
        '2026-11-26',
      );
      expect(next(occurrence(rule('FREQ=DAILY;COUNT=3'), '2026-11-26', third), '2026-11-26T12:00:00Z')).to.equal(null);
    });

    it('COUNT counts the slots that were passed over as well', () => {
      expect(next(occurrence(rule('FREQ=DAILY;COUNT=5'), '2026-11-24'), '2026-11-27T12:00:00Z')).to.equal('2026-11-27');
      expect(next(occurrence(rule('FREQ=DAILY;COUNT=5'), '2026-11-24'), '2026-11-29T12:00:00Z')).to.equal(null);
    });

    it('UNTIL is the last slot there can be', () => {
      const until = rule('FREQ=DAILY;UNTIL=20261126');
      expect(next(occurrence(until, '2026-11-25', { anchorDate: '2026-11-24' }), '2026-11-25T12:00:00Z')).to.equal(
        '2026-11-26',
      );
      expect(next(occurrence(until, '2026-11-26', { anchorDate: '2026-11-24' }), '2026-11-26T12:00:00Z')).to.equal(
        null,
      );
    });

    it('a task that does not recur has none', () => {
      expect(nextSlot({ ...occurrence('daily', '2026-11-24'), recurrence: null }, 0, 'UTC')).to.equal(null);
    });
  });

  describe('basis completion', () => {
    const everyThreeDays = rule('FREQ=DAILY;INTERVAL=3', { basis: 'completion' });

    it('counts from the day of the completion, at the time of the task', () => {
      expect(next(occurrence(everyThreeDays, '2026-11-24T09:00'), '2026-11-26T17:45:00Z')).to.equal('2026-11-29T09:00');
      expect(next(occurrence(everyThreeDays, '2026-11-24'), '2026-11-26T17:45:00Z')).to.equal('2026-11-29');
    });

    it("takes that day in the user's own zone", () => {
      // In Tokyo it is the 27th already.
      const task = occurrence(everyThreeDays, '2026-11-24T09:00');
      expect(next(task, '2026-11-26T17:45:00Z', 'Asia/Tokyo')).to.equal('2026-11-30T09:00');
    });

    it('COUNT counts the occurrences', () => {
      const rest = rule('COUNT=3;FREQ=DAILY', { basis: 'completion' });
      const second = { anchorDate: '2026-11-24', occurrence: 2 };
      expect(next(occurrence(rest, '2026-11-25', second), '2026-12-25T12:00:00Z')).to.equal('2026-12-26');
      expect(next(occurrence(rest, '2026-11-26', { ...second, occurrence: 3 }), '2026-12-26T12:00:00Z')).to.equal(null);
      // The rule was set at the third occurrence: it holds from there.
      const later = { anchorDate: '2026-11-26', anchorOccurrence: 3, occurrence: 3 };
      expect(next(occurrence(rest, '2026-11-26', later), '2026-12-26T12:00:00Z')).to.equal('2026-12-27');
    });
  });

  describe('without a due date', () => {
    it('counts from the day on which it was done with, and the next one has a date', () => {
      const task = occurrence('weekly', null);
      const found = nextSlot(task, Date.parse('2026-11-26T17:45:00Z'), 'Asia/Tokyo');
      expect(found?.slot.local).to.equal('2026-12-04');
      expect(found?.anchor).to.deep.equal({ date: '2026-11-27', occurrence: 1 });
    });
  });

  it('a task from before there were anchors counts from itself', () => {
    const task = occurrence('monthly', '2026-02-28', { anchor: null, occurrence: 4 });
    const found = nextSlot(task, Date.parse('2026-02-28T12:00:00Z'), 'UTC');
    expect(found?.slot.local).to.equal('2026-03-28');
    expect(found?.anchor).to.deep.equal({ date: '2026-02-28', occurrence: 4 });
  });
});
