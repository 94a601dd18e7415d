import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Router from '@koa/router';
import { expect } from 'chai';
import { emptyTestDatabase, type TestDatabase } from '../support/postgres.js';
import { type Sample, startSample, workshop } from './sample.js';

const namespace = 'shop';

/** Each store with a component that refers to it: the component works when the store gives what it refers to. */
describe('a sample application on a secret store', function () {
  this.timeout(20_000);
  let database: TestDatabase;
  let kubernetes: FakeKubernetes;

  before(async function () {
    this.timeout('30m');
    database = await emptyTestDatabase();
    kubernetes = await startFakeKubernetes({ 'database-url': database.url });
  });
  after(async function () {
    this.timeout(20_000);
    await kubernetes.stop();
    await database.drop();
  });

  async function keepsState(sample: Sample): Promise<void> {
    expect((await sample.call('POST', 'state/state', [{ key: 'kept', value: 1 }])).status).to.equal(204);
    const { rowCount } = await database.pool.query(`DELETE FROM dapr_state WHERE key = 'todo-chatbot||kept'`);
    expect(rowCount).to.equal(1);
  }

  it('gets from local/secrets.yaml what the program wrote beside it', async () => {
    const sample = await startSample({
      appId: 'todo-chatbot',
      app: new Router(),
      components: ['local/secrets.yaml', 'state-postgres.yaml'],
      secrets: { 'database-url': database.url },
    });
    await keepsState(sample);
    const secret = await sample.call('GET', 'secrets/secrets/database-url');
    expect(await secret.json()).to.deep.equal({ 'database-url': database.url });
    await sample.stop();
  });

  it('gets from secrets-k8s.yaml what is in the Kubernetes secrets of its namespace', async () => {
    const { dataDir } = await workshop();
    const kubeconfig = join(dataDir, 'kubeconfig.json');
    await writeFile(kubeconfig, kubernetes.kubeconfig, { mode: 0o600 });
    const sample = await startSample({
      appId: 'todo-chatbot',
      app: new Router(),
      components: ['secrets-k8s.yaml', 'state-postgres.yaml'],
      env: { KUBECONFIG: kubeconfig, NAMESPACE: namespace },
    });
    await keepsState(sample);
    expect(kubernetes.asked).to.deep.equal([`GET /api/v1/namespaces/${namespace}/secrets/database-url`]);
    const secret = await sample.call('GET', 'secrets/secrets/database-url');
    expect(await secret.json()).to.deep.equal({ 'database-url': database.url });
    expect((await sample.call('GET', 'secrets/secrets/unknown')).status).to.equal(500);
    await sample.stop();
  });
});

interface FakeKubernetes {
  readonly kubeconfig: string;
  readonly asked: string[];
  stop(): Promise<void>;
}

/**
 * The one path of the Kubernetes API that the store asks, as the API describes it (Secret v1, core). Without TLS, so that
 * the client keeps its token to itself: who may read what is for a real cluster to show.
 */
async function startFakeKubernetes(secrets: Readonly<Record<string, string>>): Promise<FakeKubernetes> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.setHeader('content-type', 'application/json');
    const name = new RegExp(`^/api/v1/namespaces/${namespace}/secrets/([a-z-]+)$`).exec(request.url ?? '')?.[1] ?? '';
    const value = secrets[name];
    if (value === undefined) {
      response.statusCode = 404;
      response.end(
        JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }),
      );
      return;
    }
    const data = { [name]: Buffer.from(value).toString('base64') };
    response.end(JSON.stringify({ kind: 'Secret', apiVersion: 'v1', metadata: { name, namespace }, data }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'here', cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } }],
    contexts: [{ name: 'here', context: { cluster: 'here' } }],
  };
  return {
    kubeconfig: JSON.stringify(kubeconfig),
    asked,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
