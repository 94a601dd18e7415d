import { json } from 'node:stream/consumers';
import Router from '@koa/router';
import { expect } from 'chai';
import { emptyTestDatabase, type TestDatabase } from '../support/postgres.js';
import { type Sample, startSample } from './sample.js';

describe('a sample application on state-postgres.yaml', function () {
  this.timeout(20_000);
  let database: TestDatabase;
  let sample: Sample;

  before(async function () {
    this.timeout('30m');
    database = await emptyTestDatabase();
    sample = await startSample({
      appId: 'todo-chatbot',
      app: planner(),
      components: ['local/secrets.yaml', 'state-postgres.yaml'],
      secrets: { 'database-url': database.url },
    });
  });
  after(async function () {
    this.timeout(20_000);
    await sample.stop();
    await database.drop();
  });

  /** Hosts an actor that keeps a plan in its state: `plan` replaces it, `planned` gives it back. */
  function planner(): Router {
    const router = new Router();
    router.get('/dapr/config', (ctx) => {
      ctx.body = { entities: ['ReminderSchedule'] };
    });
    router.put('/actors/ReminderSchedule/:id/method/plan', async (ctx) => {
      const value = await json(ctx.req);
      const operations = [{ operation: 'upsert', request: { key: 'plan', value } }];
      const saved = await sample.call('POST', `actors/ReminderSchedule/${ctx.params['id']}/state`, operations);
      ctx.body = String(saved.status);
    });
    router.put('/actors/ReminderSchedule/:id/method/planned', async (ctx) => {
      const kept = await sample.call('GET', `actors/ReminderSchedule/${ctx.params['id']}/state/plan`);
      ctx.body = await kept.text();
    });
    router.delete('/actors/ReminderSchedule/:id', (ctx) => {
      ctx.status = 200;
    });
    return router;
  }

  it('keeps a value, gives it back with its version, and forgets it', async () => {
    const saved = await sample.call('POST', 'state/state', [{ key: 'greeting', value: { text: 'Grüße' } }]);
    expect(saved.status).to.equal(204);
    const read = await sample.call('GET', 'state/state/greeting');
    expect(await read.json()).to.deep.equal({ text: 'Grüße' });
    expect(read.headers.get('etag')).to.be.a('string').and.not.equal('');
    expect((await sample.call('DELETE', 'state/state/greeting')).status).to.equal(204);
    expect((await sample.call('GET', 'state/state/greeting')).status).to.equal(204);
  });

  it('refuses a change that builds on an older version', async () => {
    const save = (value: string, etag: string) =>
      sample.call('POST', 'state/state', [{ key: 'count', value, etag, options: { concurrency: 'first-write' } }]);
    await sample.call('POST', 'state/state', [{ key: 'count', value: 'one' }]);
    const etag = (await sample.call('GET', 'state/state/count')).headers.get('etag') ?? '';
    expect((await save('two', etag)).status).to.equal(204);
    expect((await save('three', etag)).status).to.equal(409);
    expect(await (await sample.call('GET', 'state/state/count')).json()).to.equal('two');
  });

  it('is where actors keep their state, each under the id of the app, its type and its own id', async () => {
    const call = async (id: string, method: string, body?: unknown) =>
      (await sample.call('PUT', `actors/ReminderSchedule/${id}/method/${method}`, body)).text();
    expect(await call('alice', 'plan', ['09:00', '18:00'])).to.equal('204');
    expect(await call('bob', 'plan', ['07:30'])).to.equal('204');
    expect(JSON.parse(await call('alice', 'planned'))).to.deep.equal(['09:00', '18:00']);
    expect(JSON.parse(await call('bob', 'planned'))).to.deep.equal(['07:30']);
    const { rows } = await database.pool.query(`SELECT key FROM dapr_state WHERE key LIKE '%plan' ORDER BY key`);
    expect(rows).to.deep.equal([
      { key: 'todo-chatbot||ReminderSchedule||alice||plan' },
      { key: 'todo-chatbot||ReminderSchedule||bob||plan' },
    ]);
  });

  it('is not needed by an app that only calls actors', async () => {
    const components = ['local/secrets.yaml', 'state-postgres.yaml'];
    const caller = await startSample({ appId: 'todo-gateway', app: new Router(), components });
    await sample.call('PUT', 'actors/ReminderSchedule/carol/method/plan', ['12:00']);
    const answer = await caller.call('PUT', 'actors/ReminderSchedule/carol/method/planned');
    expect(await answer.json()).to.deep.equal(['12:00']);
    await caller.stop();
  });
});
