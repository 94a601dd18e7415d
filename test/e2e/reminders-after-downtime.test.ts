import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { reminderChanges, reminderIn, remindersOf } from '../support/reminders.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import { until } from '../support/until.js';

describe('reminders that are due while the system is down', () => {
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await startTestSystem();
  });
  after(() => system.remove());

  for (const [how, end] of [
    ['stopped', () => system.stop()],
    ['killed', () => system.kill9()],
  ] as const) {
    it(`come once when it was ${how}, and say how late they are`, async function () {
      this.timeout(120_000);
      const alice = await system.newUser();
      const soon = [reminderIn(4_000), reminderIn(5_000)];
      await alice.create({ title: 'Pay rent', time_zone: 'UTC', reminders: [...soon, reminderIn(3_600_000)] });
      expect(await remindersOf(alice, 'status=pending')).to.have.length(3);
      await end();
      const last = 'at' in (soon[1] ?? {}) ? Date.parse(`${Object.values(soon[1] ?? {})[0]}Z`) : 0;
      await sleep(Math.max(0, last + 2_000 - Date.now()));
      await system.start();

      const due = async () => (await reminderChanges(alice)).filter(({ type }) => type === 'REMINDER_DUE');
      await until('both come due', async () => (await due()).length >= 2, 60_000);
      await until('both are delivered', async () => (await remindersOf(alice, 'status=delivered')).length >= 2, 60_000);
      // Whatever else would have them come again has been there by then: a sweep, and Dapr's own.
      await sleep(7_000);
      const late = (await due()).map(({ detail }) =>
        detail && 'late_by_seconds' in detail ? detail.late_by_seconds : -1,
      );
      expect(late).to.have.length(2);
      expect(late[0]).to.be.at.least(3);
      expect(late[1]).to.be.at.least(2);
      expect(await remindersOf(alice, 'status=delivered')).to.have.length(2);
      expect(await remindersOf(alice, 'status=pending')).to.have.length(1);
    });
  }
});
