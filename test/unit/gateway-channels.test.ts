import { expect } from 'chai';
import { TodoError } from '../../domain/errors.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

describe('the channels of reminders', () => {
  const asked: [string, string, object][] = [];
  let answer: object | TodoError = {};
  let gateway: TestGateway;
  before(async () => {
    gateway = await startTestGateway({
      invoke: (role, method, body) => {
        asked.push([role, method, body]);
        return answer instanceof TodoError ? Promise.reject(answer) : Promise.resolve(answer);
      },
    });
  });
  after(() => gateway.close());
  beforeEach(() => asked.splice(0));

  it('are tried for whoever the token names, and for nobody else', async () => {
    answer = { channel: 'email', delivered: true, error: null };
    const reply = await gateway.call('POST', '/v1/me/channels/email/test', { user: 'bob' });
    expect([reply.status, reply.json]).to.deep.equal([200, answer]);
    expect(asked).to.deep.equal([['notification', 'test-channel', { user_id: 'bob', channel: 'email' }]]);
    expect((await gateway.call('POST', '/v1/me/channels/email/test', { user: '' })).status).to.equal(401);
    const readOnly = await gateway.call('POST', '/v1/me/channels/email/test', { scopes: ['tasks:read'] });
    expect(readOnly.status).to.equal(403);
    expect(asked).to.have.length(1);
  });

  it('that there are not are not found', async () => {
    const { refusal, problem } = await gateway.call('POST', '/v1/me/channels/pigeon/test');
    expect(refusal).to.equal('404 not_found');
    expect(problem.detail).to.include('log, email, webhook, web_push');
    expect(asked).to.deep.equal([]);
  });

  it('refuse with what the role says', async () => {
    answer = new TodoError('rate_limited', 'A channel can be tried 10 times a minute.');
    const reply = await gateway.call('POST', '/v1/me/channels/log/test');
    expect([reply.status, reply.problem.code]).to.deep.equal([429, 'rate_limited']);
    expect(reply.header('retry-after')).not.to.equal(null);
  });

  describe('the link that ends e-mail', () => {
    it('asks people first, so that no program that looks at links ends anything', async () => {
      const reply = await gateway.call('GET', '/unsubscribe?token=abc.def', { user: '' });
      expect([reply.status, reply.header('content-type')]).to.deep.equal([200, 'text/html; charset=utf-8']);
      expect(reply.text).to.include('<form method="post" action="?token=abc.def">');
      expect(asked).to.deep.equal([]);
    });

    it('ends it by one POST, without a token of the user (RFC 8058)', async () => {
      answer = {};
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const options = { user: '', headers, body: 'List-Unsubscribe=One-Click' };
      expect((await gateway.call('POST', '/unsubscribe?token=abc.def', options)).status).to.equal(200);
      expect(asked).to.deep.equal([['notification', 'unsubscribe', { token: 'abc.def' }]]);
    });

    it('cannot be made up, and nothing gets into the page by it', async () => {
      for (const token of ['', '%22%3E%3Cscript%3E.x', 'a']) {
        expect((await gateway.call('GET', `/unsubscribe?token=${token}`, { user: '' })).status).to.equal(422);
      }
      answer = new TodoError('not_found', 'This link is none that was sent from here.');
      expect((await gateway.call('POST', '/unsubscribe?token=abc.def', { user: '' })).status).to.equal(404);
    });
  });
});
