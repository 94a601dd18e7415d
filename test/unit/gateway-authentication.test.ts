import { expect } from 'chai';
import { recordingActor, someTask, startTestGateway, type TestGateway } from '../support/gateway.js';

describe('a call to the gateway', () => {
  const actor = recordingActor();
  let gateway: TestGateway;
  before(async () => {
    gateway = await startTestGateway({ command: actor.command });
  });
  after(() => gateway.close());

  const path = `/v1/tasks/${someTask().id}/complete`;

  it('without a token is 401 and says what is needed', async () => {
    const { status, headers, problem } = await gateway.call('POST', path, { user: '' });
    expect([status, problem.code]).to.deep.equal([401, 'unauthorized']);
    expect(headers.get('www-authenticate')).to.equal('Bearer realm="todo-chatbot"');
  });

  it('with what is no good token is 401 and says that it is no good', async () => {
    for (const authorization of ['Bearer x.y.z', 'Bearer', 'Basic YTpi', 'Bearer a b', `Bearer ${'a'.repeat(9_000)}`]) {
      const { status, headers } = await gateway.call('POST', path, { user: '', headers: { authorization } });
      expect([authorization.slice(0, 20), status]).to.deep.equal([authorization.slice(0, 20), 401]);
      expect(headers.get('www-authenticate')).to.equal('Bearer realm="todo-chatbot", error="invalid_token"');
    }
  });

  it('with a token that lacks the scope is 403 and names the scope', async () => {
    const { status, headers, problem } = await gateway.call('POST', path, { scopes: ['tasks:read'] });
    expect([status, problem.code]).to.deep.equal([403, 'insufficient_scope']);
    expect(headers.get('www-authenticate')).to.include('error="insufficient_scope", scope="tasks:write"');
    expect(actor.sent).to.have.length(0);
  });

  it('speaks for the subject of its token, whatever the user is called', async () => {
    for (const user of ['alice', 'a/b ?#%', 'ユーザー', 'x'.repeat(128)]) {
      const { status } = await gateway.call('POST', path, { user });
      expect([user, status, actor.sent.at(-1)?.userId]).to.deep.equal([user, 200, user]);
    }
  });

  it('takes the scheme in any case (RFC 9110 section 11.1)', async () => {
    const authorization = `bEARER ${await gateway.token('alice')}`;
    expect((await gateway.call('POST', path, { user: '', headers: { authorization } })).status).to.equal(200);
  });

  it('needs no token to ask for health, readiness, figures and the document', async () => {
    for (const open of ['/healthz', '/readyz', '/metrics', '/openapi.json']) {
      expect([open, (await gateway.call('GET', open, { user: '' })).status]).to.deep.equal([open, 200]);
    }
  });
});
