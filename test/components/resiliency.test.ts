import { setTimeout as sleep } from 'node:timers/promises';
import Router from '@koa/router';
import { expect } from 'chai';
import { emptyTestDatabase, type TestDatabase } from '../support/postgres.js';
import { beginEarly, type Sample, startSample, workshop } from './sample.js';

/** `turn` of resiliency.yaml. */
const turnMs = 30_000;

describe('a sample application on resiliency.yaml', function () {
  this.timeout('1m');
  /** Each call that reached an actor, in order: `Task/slow/hang`. */
  const turns: string[] = [];
  let closed = 0;
  let begun: Promise<Begun> | undefined;

  interface Begun {
    readonly database: TestDatabase;
    readonly sample: Sample;
    /** A turn of a type that the policy names, one that waits behind it, and a turn of a type that it does not name. */
    readonly hung: Promise<Response>;
    readonly waiting: Promise<Response>;
    readonly unnamed: Promise<Response>;
    readonly at: number;
  }

  beginEarly(() => {
    begun = begin();
  });
  before(async function () {
    this.timeout('30m');
    await workshop();
    await begun;
  });
  after(async function () {
    this.timeout(20_000);
    const { sample, database } = await theBegun();
    await sample.stop();
    await database.drop();
  });

  async function theBegun(): Promise<Begun> {
    if (!begun) throw new Error('unreachable: the workshop has begun it');
    return await begun;
  }

  /** Hosts actors whose method `hang` never answers, whose `fail` breaks, and which answer any other one at once. */
  function moody(): Router {
    const router = new Router();
    router.get('/dapr/config', (ctx) => {
      ctx.body = { entities: ['Task', 'Unnamed'] };
    });
    router.put('/actors/:type/:id/method/:method', async (ctx) => {
      const { type = '', id = '', method = '' } = ctx.params;
      turns.push(`${type}/${id}/${method}`);
      if (method === 'fail') ctx.status = 500;
      else if (method !== 'hang') ctx.body = 'done';
      else await new Promise<void>((resolve) => ctx.res.once('close', resolve)).then(() => (closed += 1));
    });
    router.delete('/actors/:type/:id', (ctx) => {
      ctx.status = 200;
    });
    return router;
  }

  async function begin(): Promise<Begun> {
    const database = await emptyTestDatabase();
    const sample = await startSample({
      appId: 'todo-chatbot',
      app: moody(),
      components: ['local/secrets.yaml', 'state-postgres.yaml', 'resiliency.yaml'],
      secrets: { 'database-url': database.url },
    });
    const call = (path: string) => sample.call('PUT', `actors/${path}`);
    const at = performance.now();
    const unnamed = call('Unnamed/slow/method/hang');
    unnamed.catch(() => undefined); // ended by the end of the sample
    const hung = call('Task/slow/method/hang');
    while (!turns.includes('Task/slow/hang')) await sleep(10);
    return { database, sample, at, unnamed, hung, waiting: call('Task/slow/method/work') };
  }

  it('a turn that failed is not repeated: who sent the command knows whether it may be', async () => {
    const { sample } = await theBegun();
    expect((await sample.call('PUT', 'actors/Task/broken/method/fail')).status).to.equal(500);
    expect(turns.filter((turn) => turn === 'Task/broken/fail')).to.have.length(1);
  });

  it('a turn that hangs is cut off once, and the actor goes on with the next', async () => {
    const { hung, waiting, at } = await theBegun();
    expect((await hung).status).to.equal(500);
    expect(performance.now() - at).to.be.at.least(turnMs - 1_000);
    expect(await (await waiting).text()).to.equal('done');
    expect(turns.filter((turn) => turn.startsWith('Task/slow/'))).to.deep.equal(['Task/slow/hang', 'Task/slow/work']);
    expect(closed, 'turns that learned of their end').to.equal(1);
  });

  it('the turn of a type that it does not name still hangs', async () => {
    const { unnamed } = await theBegun();
    expect(await Promise.race([unnamed, sleep(0, 'hangs')])).to.equal('hangs');
  });
});
