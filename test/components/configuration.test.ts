import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import Router from '@koa/router';
import { expect } from 'chai';
import { packageRoot } from '../../runtime/package-root.js';
import { until } from '../support/until.js';
import { type Sample, startSample } from './sample.js';

describe('sample applications on configuration.yaml', function () {
  this.timeout(20_000);
  const flags = ['--config', join(packageRoot, 'dapr-components', 'configuration.yaml')];
  let guarded: Sample;
  let open: Sample;
  let collector: Collector;

  before(async function () {
    this.timeout('30m');
    const components = ['local/secrets.yaml'];
    const secrets = { 'kafka-sasl-password': 'known to components only' };
    collector = await startCollector();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_INSECURE: 'true',
    };
    // Not the name of another sample, which may be there as well.
    guarded = await startSample({ appId: 'todo-websocket', app: role(), components, secrets, flags, env });
    open = await startSample({ appId: 'todo-gateway', app: role(), components, secrets });
  });
  after(async function () {
    this.timeout(20_000);
    await guarded.stop();
    await open.stop();
    await collector.stop();
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
    expect((await ask(open, 'todo-websocket')).status).to.equal(403);
    expect((await ask(guarded, 'todo-gateway')).status, 'where nothing is configured').to.equal(200);
  });

  it('an app cannot read through its sidecar what components refer to', async () => {
    const path = 'secrets/secrets/kafka-sasl-password';
    expect((await guarded.call('GET', path)).status).to.equal(403);
    expect((await open.call('GET', path)).status, 'where nothing is configured').to.equal(200);
  });

  it('no metric names a user or a task', async () => {
    await guarded.call('GET', 'invoke/todo-websocket/method/tasks/secret-plan');
    const metrics = await (await fetch(`http://127.0.0.1:${guarded.metricsPort}/metrics`)).text();
    expect(metrics).to.contain('dapr_http_server_request_count').and.not.to.contain('secret-plan');
  });

  it('a trace that its caller samples goes to the collector', async () => {
    const traceId = randomBytes(16).toString('hex');
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    await guarded.call('POST', 'invoke/todo-websocket/method/roles/events', {}, { traceparent });
    await until('it has it', () => collector.received().includes(Buffer.from(traceId, 'hex')));
  });
});

interface Collector {
  readonly url: string;
  /** All that came, as bytes of protobuf. */
  received(): Buffer;
  stop(): Promise<void>;
}

/** Takes what OpenTelemetry's exporters send (OTLP over HTTP, specification 1.x). */
async function startCollector(): Promise<Collector> {
  const bodies: Buffer[] = [];
  const server: Server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (request.url === '/v1/traces') bodies.push(body);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => Buffer.concat(bodies),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
