import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import Koa from 'koa';
import { requireAppToken } from '../../runtime/app-token.js';

describe('the app API token', () => {
  let server: Server;
  let reached: string[];

  before(async () => {
    const app = new Koa();
    app.use(requireAppToken('secret-token')).use((context) => {
      reached.push(context.path);
      context.body = 'reached';
    });
    const handle = app.callback();
    server = createServer((request, response) => void handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    reached = [];
  });
  after((done) => {
    server.close(done);
    server.closeAllConnections();
  });

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}`, { headers });

  it('opens every path', async () => {
    expect((await get('/dapr/config', { 'dapr-api-token': 'secret-token' })).status).to.equal(200);
    expect((await get('/healthz', { 'dapr-api-token': 'secret-token' })).status).to.equal(200);
  });

  it('is asked for on every path but the health probe: without it 401, and nothing behind is reached', async () => {
    for (const path of [
      '/actors/Task/one',
      '/dapr/config',
      '/dapr/subscribe',
      '/',
      '/healthz/',
      '/Healthz',
      '//healthz',
      '/x/../y?/healthz',
    ]) {
      const answer = await get(path);
      expect(answer.status, path).to.equal(401);
      expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
      expect(await answer.json()).to.include({ code: 'unauthorized', status: 401 });
    }
    expect(reached).to.deep.equal([]);
    expect((await get('/healthz')).status).to.equal(200);
  });

  it('is refused when it is wrong, in whatever way', async () => {
    for (const token of [
      '',
      'secret',
      'secret-tokem',
      'Secret-token',
      'secret-token2',
      'Bearer secret-token',
      'secret-tokén',
    ]) {
      expect((await get('/dapr/config', { 'dapr-api-token': token })).status, token).to.equal(401);
    }
    expect((await get('/dapr/config', { authorization: 'Bearer secret-token' })).status).to.equal(401);
    expect(reached).to.deep.equal([]);
  });

  it('may not be empty, which would let anybody in', () => {
    expect(() => requireAppToken('')).to.throw('empty');
  });
});
