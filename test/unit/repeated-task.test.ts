import { expect } from 'chai';
import { pino } from 'pino';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import { until } from '../support/until.js';

const log = pino({ level: 'silent' });

describe('a repeated task', () => {
  /** A task whose work ends when the test says so, and how often that work began. */
  function controlled() {
    const running: { end(): void; fail(): void }[] = [];
    const task = new RepeatedTask(
      'the work',
      log,
      () => new Promise<void>((resolve, reject) => running.push({ end: resolve, fail: () => reject(new Error('no')) })),
    );
    return { task, running };
  }

  it('runs once for a request, and again for a later one', async () => {
    const { task, running } = controlled();
    task.request();
    running[0]?.end();
    await new Promise(setImmediate);
    task.request();
    expect(running).to.have.length(2);
  });

  it('runs once more, never twice at once, for any number of requests while it runs', async () => {
    const { task, running } = controlled();
    for (let count = 0; count < 5; count += 1) task.request();
    expect(running).to.have.length(1);
    running[0]?.end();
    await new Promise(setImmediate);
    expect(running).to.have.length(2);
    running[1]?.end();
    await new Promise(setImmediate);
    expect(running).to.have.length(2);
  });

  it('hears of a request at whatever moment of its ending it comes', async () => {
    for (let moment = 0; moment < 12; moment += 1) {
      let count = 0;
      const task = new RepeatedTask('the work', log, () => {
        count += 1;
        return Promise.resolve();
      });
      task.request();
      for (let passed = 0; passed < moment; passed += 1) await Promise.resolve();
      task.request();
      await new Promise(setImmediate);
      expect(count, `${moment} microtasks after the first`).to.equal(2);
    }
  });

  it('is repeated until it succeeds', async () => {
    let tries = 0;
    const task = new RepeatedTask('the work', log, () =>
      (tries += 1) < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve(),
    );
    task.request();
    await until('the third try', () => tries === 3);
    await task.stop();
    expect(tries).to.equal(3);
  });

  it('is not tried again after a stop, which does not wait for the pause', async () => {
    const { task, running } = controlled();
    task.request();
    running[0]?.fail();
    await new Promise(setImmediate);
    await task.stop();
    task.request();
    expect(running).to.have.length(1);
  });

  for (const how of ['end', 'fail'] as const) {
    it(`is let ${how} by a stop, which then waits for nothing more`, async () => {
      const { task, running } = controlled();
      task.request();
      let isStopped = false;
      void task.stop().then(() => (isStopped = true));
      await new Promise(setImmediate);
      expect(isStopped).to.equal(false);
      running[0]?.[how]();
      await new Promise(setImmediate);
      expect(isStopped).to.equal(true);
    });
  }
});
