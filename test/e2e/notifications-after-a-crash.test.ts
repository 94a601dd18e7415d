import { expect } from 'chai';
import { reminderLines } from '../support/log-lines.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';
import { until } from '../support/until.js';

describe('notifications over a crash', function () {
  this.timeout(180_000);
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await startTestSystem();
  });
  after(() => system.remove());

  const deliveredOf = async (user: TestUser) =>
    (await user.changes()).flatMap(({ type, detail }) =>
      type === 'REMINDER_DELIVERED' && detail && 'reminder_id' in detail ? [detail.reminder_id] : [],
    );

  it('come for each reminder, and are committed once, when the program is killed while they go out', async () => {
    const users = await Promise.all(Array.from({ length: 20 }, () => system.newUser()));
    const first = Math.ceil(Date.now() / 1000) + 8;
    const reminders = [0, 1, 2, 3].map((second) => ({
      at: new Date((first + second) * 1000).toISOString().slice(0, 19),
    }));
    await Promise.all(users.map((user) => user.create({ title: 'x', reminders })));
    await until('the first lines', () => reminderLines(system.lines).length >= 25, 60_000);
    await system.kill9();
    await system.start();
    const wanted = users.length * reminders.length;
    let delivered: string[] = [];
    await until(
      'all are delivered',
      async () => {
        delivered = (await Promise.all(users.map(deliveredOf))).flat();
        return delivered.length >= wanted;
      },
      120_000,
    );
    expect(new Set(delivered).size).to.equal(wanted);
    expect(delivered).to.have.length(wanted);
    const lines = reminderLines(system.lines);
    // A line may come twice when the crash fell between it and its commit; its id tells.
    expect(new Set(lines.map(({ reminder_id }) => reminder_id))).to.deep.equal(new Set(delivered));
    expect(new Set(lines.map(({ delivery_id }) => delivery_id)).size).to.equal(wanted);
    const late = lines.filter(({ late_by_seconds }) => late_by_seconds > 0);
    for (const { due_at, late_by_seconds } of late) {
      expect(Date.parse(due_at) + late_by_seconds * 1000).to.be.at.most(Date.now());
    }
  });
});
