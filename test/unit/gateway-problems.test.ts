import { expect } from 'chai';
import { TodoError, errorTable, type ErrorCode } from '../../domain/errors.js';
import { rawExchange } from '../support/raw-http.js';
import { someTask, startTestGateway, type TestGateway } from '../support/gateway.js';
import type { Reply } from '../support/http.js';

function expectProblem(reply: Reply, code: ErrorCode): void {
  const { status, title } = errorTable[code];
  expect(reply.problem).to.include({ type: `urn:todo-chatbot:error:${code}`, status, title, code });
  expect(reply.problem).to.have.property('detail').that.is.a('string').and.not.empty;
  expect(reply.status).to.equal(status);
}

describe('an error over REST', () => {
  let failure: Error;
  let gateway: TestGateway;
  before(async () => {
    gateway = await startTestGateway({ command: () => Promise.reject(failure) });
  });
  after(() => gateway.close());

  const complete = () => gateway.call('POST', `/v1/tasks/${someTask().id}/complete`);

  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    it(`with the code ${code} is rendered as its row of the table says`, async () => {
      failure = new TodoError(code, 'What was wrong.', [{ pointer: '/title', detail: 'is missing' }]);
      const reply = await complete();
      expectProblem(reply, code);
      expect(reply.problem).to.deep.include({
        detail: 'What was wrong.',
        errors: [{ pointer: '/title', detail: 'is missing' }],
      });
      const isPassing = ['unavailable', 'contended', 'rate_limited'].includes(code);
      expect(reply.headers.has('retry-after')).to.equal(isPassing);
    });
  }

  it('that nobody foresaw is 500 and tells nothing of itself', async () => {
    failure = new Error('password=secret');
    const reply = await complete();
    expectProblem(reply, 'internal');
    expect(reply.text).not.to.include('secret');
  });

  it('of the database being away is 503 with Retry-After', async () => {
    failure = Object.assign(new Error('terminating connection'), { code: '57P01' });
    const reply = await complete();
    expectProblem(reply, 'unavailable');
    expect(Number(reply.headers.get('retry-after'))).to.be.greaterThan(0);
  });

  it('for an unknown address is 404, also with a bad percent-encoding in it', async () => {
    for (const path of ['/', '/v2/tasks', '/v1/tasks/', '/V1/tasks', '/v1/tasks/%ff/x', '/%']) {
      expectProblem(await gateway.call('GET', path), 'not_found');
    }
  });

  it('for a method that is not possible is 405 and names those that are', async () => {
    const put = await gateway.call('PUT', '/v1/tasks');
    expectProblem(put, 'method_not_allowed');
    expect(put.headers.get('allow')).to.equal('GET, HEAD, POST');
    const options = await gateway.call('OPTIONS', `/v1/tasks/${someTask().id}`, { user: '' });
    expect(options.headers.get('allow')).to.equal('DELETE, GET, HEAD, PATCH');
    const odd = await rawExchange(gateway.url, 'PROPFIND /v1/tasks HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(odd).to.match(/^HTTP\/1.1 405 [^]*"method_not_allowed"/);
  });

  it('for a task id that is none is the same 404 as for an unknown task', async () => {
    failure = new TodoError('not_found', 'There is no such task.');
    const unknown = await complete();
    for (const id of ['1', 'x'.repeat(36), '%00', '%ff', '%', `${someTask().id}0`]) {
      const reply = await gateway.call('POST', `/v1/tasks/${id}/complete`);
      expect([id, reply.status, reply.problem]).to.deep.equal([id, 404, unknown.problem]);
    }
  });

  it('of the HTTP itself is a problem, too', async () => {
    const parts: [string, string, ErrorCode][] = [
      ['GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n', '400', 'unreadable'],
      [`GET /?${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, '431', 'headers_too_large'],
      [`GET / HTTP/1.1\r\nHost: x\r\nCookie: ${'x'.repeat(20_000)}\r\n\r\n`, '431', 'headers_too_large'],
    ];
    for (const [request, status, code] of parts) {
      const answer = await rawExchange(gateway.url, request);
      expect(answer).to.match(new RegExp(`^HTTP/1.1 ${status} [^]*application/problem\\+json[^]*"code":"${code}"`));
    }
  });

  it('leaves the connection in order when the body was not read', async () => {
    const body = 'x'.repeat(3_000_000);
    const reply = await gateway.call('POST', '/v1/tasks', { body });
    expectProblem(reply, 'payload_too_large');
    expectProblem(await gateway.call('POST', '/nowhere', { body }), 'not_found');
  });

  it('is answered although the client offers an upgrade that nobody takes up', async () => {
    const h2c = 'Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    const get = await rawExchange(gateway.url, `GET /healthz HTTP/1.1\r\n${h2c}\r\n`);
    expect(get).to.match(/^HTTP\/1.1 200 [^]*"ok"/);
    const post = await rawExchange(gateway.url, `POST /v1/tasks HTTP/1.1\r\n${h2c}Content-Length: 2\r\n\r\n{}`);
    expect(post).to.match(/^HTTP\/1.1 400 [^]*Upgrade/);
  });
});
