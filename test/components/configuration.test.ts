import { join } from 'node:path';
import Router from '@koa/router';
import { expect } from 'chai';
import { packageRoot } from '../../runtime/package-root.js';
import { type Sample, startSample } from './sample.js';

describe('sample applications on configuration.yaml', function () {
  this.timeout(20_000);
  const flags = ['--config', join(packageRoot, 'dapr-components', 'configuration.yaml')];
  let guarded: Sample;
  let open: Sample;

  before(async function () {
    this.timeout('30m');
    const components = ['local/secrets.yaml'];
    const secrets = { 'kafka-sasl-password': 'known to components only' };
    guarded = await startSample({ appId: 'todo-chatbot', app: role(), components, secrets, flags });
    open = await startSample({ appId: 'todo-gateway', app: role(), components, secrets });
  });
  after(async function () {
    this.timeout(20_000);
    await guarded.stop();
    await open.stop();
  });

  /** Answers what roles ask of each other. */
  function role(): Router {
    const router = new Router();
    router.post('/roles/events', (ctx) => {
      ctx.body = [];
    });
    return router;
  }

  const ask = (from: Sample, appId: string) => from.call('POST', `invoke/${appId}/method/roles/events`, {});

  it('a caller that shows no certificate is denied', async () => {
    expect((await ask(open, 'todo-chatbot')).status).to.equal(403);
    expect((await ask(guarded, 'todo-gateway')).status, 'where nothing is configured').to.equal(200);
  });

  it('an app cannot read through its sidecar what components refer to', async () => {
    const path = 'secrets/secrets/kafka-sasl-password';
    expect((await guarded.call('GET', path)).status).to.equal(403);
    expect((await open.call('GET', path)).status, 'where nothing is configured').to.equal(200);
  });

  it('no metric names a user or a task', async () => {
    await guarded.call('GET', 'invoke/todo-chatbot/method/tasks/secret-plan');
    const metrics = await (await fetch(`http://127.0.0.1:${guarded.metricsPort}/metrics`)).text();
    expect(metrics).to.contain('dapr_http_server_request_count').and.not.to.contain('secret-plan');
  });
});
