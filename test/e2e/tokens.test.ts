import { createHmac, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { openOwnKey } from '../../runtime/auth/own-key.js';
import { LiveClient } from '../support/live-client.js';
import { sharedSystem } from '../support/system.js';
import { until } from '../support/until.js';

const now = () => Math.floor(Date.now() / 1000);
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a bearer token', () => {
  const system = sharedSystem();
  /** Sound claims but for those given; undefined takes one away. */
  function claims(changed: Readonly<Record<string, unknown>> = {}): JWTPayload {
    const sound = { iss: 'todo-chatbot', aud: 'todo-chatbot', sub: 'alice', scope: 'tasks:read tasks:write' };
    return JSON.parse(JSON.stringify({ ...sound, exp: now() + 600, ...changed })) as JWTPayload;
  }
  /** Signs claims with the key of the system, which no attacker has. */
  async function signed(payload: JWTPayload): Promise<string> {
    const { privateKey, id } = await openOwnKey(system().dataDir);
    return await new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', kid: id }).sign(privateKey);
  }

  it('that is sound opens every door', async () => {
    const token = await signed(claims());
    expect((await system().request('GET', '/v1/me', token)).status).to.equal(200);
    const live = await LiveClient.open(system().url, token);
    await live.close();
  });

  const bad: [string, () => Promise<string | null> | string | null][] = [
    ['that is missing', () => null],
    ['that is no token', () => 'x'],
    ['that has expired', () => signed(claims({ exp: now() - 60 }))],
    ['that never expires', () => signed(claims({ exp: undefined }))],
    ['that is not valid yet', () => signed(claims({ nbf: now() + 600 }))],
    ['for another audience', () => signed(claims({ aud: 'another-program' }))],
    ['for no audience', () => signed(claims({ aud: undefined }))],
    ['of another issuer', () => signed(claims({ iss: 'somebody' }))],
    ['without a subject', () => signed(claims({ sub: undefined }))],
    ['with an empty subject', () => signed(claims({ sub: '' }))],
    ['with a subject that cannot be a user', () => signed(claims({ sub: 'a\u0000b' }))],
    ['with a subject that is too long', () => signed(claims({ sub: 'x'.repeat(129) }))],
    ['that is not signed (alg none)', () => new UnsecuredJWT(claims()).encode()],
    [
      'signed with the public key as if it were a secret (HS256)',
      async () => {
        const { publicKey, id } = await openOwnKey(system().dataDir);
        const content = `${base64url({ alg: 'HS256', kid: id })}.${base64url(claims())}`;
        const secret = publicKey.export({ type: 'spki', format: 'pem' });
        return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
      },
    ],
    [
      'signed with a key of its own',
      async () => {
        const { id } = await openOwnKey(system().dataDir);
        const { privateKey, publicKey } = generateKeyPairSync('ed25519');
        const header = { alg: 'EdDSA', kid: id, jwk: publicKey.export({ format: 'jwk' }) };
        return await new SignJWT(claims()).setProtectedHeader(header).sign(privateKey);
      },
    ],
    [
      'whose claims were changed after it was signed',
      async () => {
        const [header, , signature] = (await signed(claims())).split('.');
        return [header, base64url(claims({ sub: 'bob' })), signature].join('.');
      },
    ],
    [
      'without its signature',
      async () => {
        const [header, payload] = (await signed(claims())).split('.');
        return `${header ?? ''}.${payload ?? ''}.`;
      },
    ],
  ];
  for (const [what, token] of bad) {
    it(`${what} is refused with 401 over REST and 4401 over WebSocket`, async () => {
      const value = await token();
      const reply = await system().request('GET', '/v1/tasks', value);
      expect(reply.refusal).to.equal('401 unauthorized');
      const challenge = value === null ? 'Bearer realm="todo-chatbot"' : /^Bearer .*error="invalid_token"/;
      expect(reply.header('www-authenticate')).to.match(new RegExp(challenge));
      const inHeader = new LiveClient(
        system().url,
        value === null ? {} : { headers: { authorization: `Bearer ${value}` } },
      );
      expect(await inHeader.closed).to.include({ code: 4401 });
      expect(inHeader.frames).to.be.empty;
      const asProtocol = new LiveClient(system().url, { protocols: value === null ? ['bearer'] : ['bearer', value] });
      expect(await asProtocol.closed).to.include({ code: 4401 });
    });
  }

  it('that is refused says no more of what there is than one for an address where nothing is', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    const there = await system().request('GET', `/v1/tasks/${id}`, 'x');
    const notThere = await system().request('GET', '/v1/tasks/00000000-0000-4000-8000-000000000000', 'x');
    expect([there.text, there.steadyHeaders]).to.deep.equal([notThere.text, notThere.steadyHeaders]);
  });

  it('in another scheme or place is as good as none', async () => {
    const token = await signed(claims());
    for (const authorization of [`Basic ${token}`, token, `Bearer`, `Bearer ${token} x`]) {
      const reply = await system().request('GET', '/v1/tasks', null, { headers: { authorization } });
      expect(reply.refusal).to.equal('401 unauthorized');
    }
    expect((await system().request('GET', `/v1/tasks?access_token=${token}`, null)).refusal).to.equal(
      '401 unauthorized',
    );
  });

  it('opens only what its scopes allow, with 403 elsewhere', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    const calls: [string, string, unknown, 'tasks:read' | 'tasks:write'][] = [
      ['GET', '/v1/tasks', undefined, 'tasks:read'],
      ['GET', `/v1/tasks/${id}`, undefined, 'tasks:read'],
      ['GET', '/v1/changes', undefined, 'tasks:read'],
      ['GET', '/v1/audit', undefined, 'tasks:read'],
      ['GET', '/v1/me', undefined, 'tasks:read'],
      ['POST', '/v1/tasks', { title: 'a' }, 'tasks:write'],
      ['PATCH', `/v1/tasks/${id}`, { title: 'a' }, 'tasks:write'],
      ['POST', `/v1/tasks/${id}/complete`, {}, 'tasks:write'],
      ['POST', `/v1/tasks/${id}/reopen`, {}, 'tasks:write'],
      ['PATCH', '/v1/me', { time_zone: 'UTC' }, 'tasks:write'],
      ['DELETE', `/v1/tasks/${id}`, undefined, 'tasks:write'],
    ];
    const reader = await system().tokenFor(alice.id, ['tasks:read']);
    const writer = await system().tokenFor(alice.id, ['tasks:write']);
    for (const [method, path, body, scope] of calls) {
      const options = body === undefined ? {} : { body };
      const other = await system().request(method, path, scope === 'tasks:read' ? writer : reader, options);
      expect(other.refusal, `${method} ${path}`).to.equal('403 insufficient_scope');
      expect(other.header('www-authenticate')).to.include(`error="insufficient_scope", scope="${scope}"`);
      const right = await system().request(method, path, scope === 'tasks:read' ? reader : writer, options);
      expect(right.status, `${method} ${path}`).to.be.oneOf([200, 201, 204]);
    }
  });

  it('without the scope to read is refused with 4401 over WebSocket', async () => {
    const token = await system().tokenFor('alice', ['tasks:write']);
    const live = new LiveClient(system().url, { headers: { authorization: `Bearer ${token}` } });
    expect(await live.closed).to.include({ code: 4401 });
  });

  it('opens the live feed also as the subprotocol pair, for browsers', async () => {
    const alice = await system().newUser();
    const live = new LiveClient(system().url, { protocols: ['bearer', alice.token], since: 0 });
    await alice.create({ title: 'Pay rent' });
    await live.seq(1);
    expect(live.socket.protocol).to.equal('bearer');
    await live.close();
  });

  it('that expires ends the live feed with 4401, and calls with 401', async () => {
    const alice = await system().newUser();
    const token = await system().tokenFor(alice.id, undefined, 4);
    const live = await LiveClient.open(system().url, token);
    await alice.create({ title: 'Pay rent' });
    await live.seq(1);
    expect(await live.closed).to.include({ code: 4401 });
    await until('the refusal', async () => (await system().request('GET', '/v1/me', token)).status === 401);
  });

  it('makes any text a user, with tasks of its own', async () => {
    for (const name of [
      'alice@example.org',
      'Ärger/../x',
      'a%2Fb',
      'a+b',
      'a||b',
      '..',
      '用户',
      ' ',
      "'; --",
      'x'.repeat(128),
    ]) {
      const token = await signed(claims({ sub: name }));
      const created = await system().request('POST', '/v1/tasks', token, { body: { title: 'Own' } });
      expect([created.status, created.json], name).to.have.nested.property('[1].user_id', name);
      const listed = await system().request('GET', '/v1/tasks', token);
      for (const task of listed.page.tasks) expect(task.user_id).to.equal(name);
    }
  });
});
