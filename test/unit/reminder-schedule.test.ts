import { expect } from 'chai';
import { aimOf, leadMs, takeDue, timerWithinMs, wakePeriodMs, type Schedule } from '../../domain/reminders/schedule.js';

const now = Date.parse('2026-11-25T09:00:00Z');
const hour = 3_600_000;

const schedule = (wake: number | null, ...dues: number[]): Schedule => ({
  entries: dues.map((due) => ({ reminder_id: `at ${due}`, due })),
  has_more: false,
  wake,
});

describe('what is due', () => {
  it('is all that has come, however much of one moment, and nothing that has not', () => {
    const plan = schedule(null, now - 5, now, now, now + 1);
    const { due, rest } = takeDue(plan, now);
    expect(due.map((entry) => entry.due)).to.deep.equal([now - 5, now, now]);
    expect(rest.entries.map((entry) => entry.due)).to.deep.equal([now + 1]);
    expect(takeDue(schedule(null, now - 1), now).rest.entries).to.deep.equal([]);
    expect(takeDue(rest, now)).to.deep.equal({ due: [], rest });
  });
});

describe('Dapr’s reminder', () => {
  const due = now + 5 * hour;

  it('is aimed shortly before the next entry', () => {
    expect(aimOf(schedule(null, due), now, false)).to.equal(due - leadMs);
  });

  it('is aimed anew when something comes before its next tick', () => {
    expect(aimOf(schedule(due, now + 2 * hour), now, false)).to.equal(now + 2 * hour - leadMs);
  });

  it('stays when it ticks in time, now or an hour or many later', () => {
    expect(aimOf(schedule(due - leadMs, due), now, false)).to.equal('as_it_is');
    // It ticked a minute ago, and does so 59 minutes from now.
    expect(aimOf(schedule(now - 60_000, now + hour), now, false)).to.equal('as_it_is');
    expect(aimOf(schedule(now - 60_000 - 7 * wakePeriodMs, now + hour), now, false)).to.equal('as_it_is');
    expect(aimOf(schedule(now - 60_000, now + hour - 120_000), now, false)).to.equal(now + hour - 120_000 - leadMs);
  });

  it('is not needed for what has a timer', () => {
    expect(aimOf(schedule(null, now + timerWithinMs), now, false)).to.equal('as_it_is');
  });

  it('is aimed further at a tick only, and when it would tick for nothing meanwhile', () => {
    const far = now + 100 * hour;
    expect(aimOf(schedule(now, far), now, false)).to.equal('as_it_is');
    expect(aimOf(schedule(now, far), now, true)).to.equal(far - leadMs);
    expect(aimOf(schedule(now, now + hour + leadMs), now, true)).to.equal('as_it_is');
  });

  it('ends at a tick that finds nothing to come', () => {
    expect(aimOf(schedule(now), now, false)).to.equal('as_it_is');
    expect(aimOf(schedule(now), now, true)).to.equal(null);
  });
});
