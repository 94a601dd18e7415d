import Router from '@koa/router';
import { expect } from 'chai';
import { until } from '../support/until.js';
import { type Sample, startSample } from './sample.js';

describe('a sample application on cron-reminders.yaml', () => {
  const ticks: number[] = [];
  let sample: Sample;

  before(async function () {
    this.timeout('30m');
    sample = await startSample({ appId: 'todo-chatbot', app: sweeper(), components: ['cron-reminders.yaml'] });
  });
  after(() => sample.stop());

  function sweeper(): Router {
    const router = new Router();
    router.options('/cron-reminders', (ctx) => {
      ctx.status = 200;
    });
    router.post('/cron-reminders', (ctx) => {
      ticks.push(performance.now());
      ctx.status = 200;
    });
    return router;
  }

  it('is called again and again, five seconds apart', async function () {
    this.timeout(30_000);
    await until('two ticks', () => ticks.length === 2, 20_000);
    const [first = 0, second = 0] = ticks;
    // daprd's ticks are at whole seconds.
    expect(Math.round((second - first) / 1000)).to.equal(5);
  });
});
