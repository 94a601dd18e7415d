import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SignJWT, UnsecuredJWT, createRemoteJWKSet, exportJWK } from 'jose';
import { TodoError, type ErrorCode } from '../../domain/errors.js';
import { createTokenVerifier } from '../../runtime/auth/token-verifier.js';
import type { TokenVerifier } from '../../runtime/auth/verify-token.js';

const issuer = 'https://issuer.example';
const audience = 'todo';
const ed25519 = generateKeyPairSync('ed25519');
const now = () => Math.floor(Date.now() / 1000);

interface Claims {
  readonly iss?: string;
  readonly aud?: string;
  readonly sub?: string;
  readonly exp?: number;
  readonly nbf?: number;
  readonly scope?: string;
}

function claims(changed: Claims = {}): Record<string, unknown> {
  return { iss: issuer, aud: audience, sub: 'alice', exp: now() + 600, scope: 'tasks:read', ...changed };
}

async function sign(payload: Record<string, unknown>, alg = 'EdDSA', key: KeyObject | Uint8Array = ed25519.privateKey) {
  return await new SignJWT(payload).setProtectedHeader({ alg }).sign(key);
}

async function codeOf(verifier: TokenVerifier, token: string | undefined): Promise<ErrorCode | 'accepted'> {
  try {
    await verifier.verify(token);
    return 'accepted';
  } catch (error) {
    if (error instanceof TodoError) return error.code;
    throw error;
  }
}

describe('a bearer token', () => {
  const verifier = createTokenVerifier({ issuer, audience, key: ed25519.publicKey });

  it('of this issuer, for this audience and in time, names the user and the scopes', async () => {
    const exp = now() + 60;
    const token = await sign(claims({ sub: 'álice/1', exp, scope: 'tasks:read  tasks:write' }));
    const principal = await verifier.verify(token);
    expect(principal.userId).to.equal('álice/1');
    expect([...principal.scopes]).to.deep.equal(['tasks:read', 'tasks:write']);
    expect(principal.expiresAt).to.equal(exp);
    expect(await verifier.verify(token), 'remembered').to.equal(principal);
  });

  it('without a scope claim allows nothing', async () => {
    const { scope: _scope, ...rest } = claims();
    expect((await verifier.verify(await sign(rest))).scopes.size).to.equal(0);
  });

  const refused: Record<string, () => Promise<string | undefined> | string | undefined> = {
    'that is not there': () => undefined,
    'that is no JWT': () => 'garbage',
    'of another issuer': () => sign(claims({ iss: 'https://other.example' })),
    'for another audience': () => sign(claims({ aud: 'other' })),
    'that has expired': () => sign(claims({ exp: now() - 60 })),
    'that is not valid yet': () => sign(claims({ nbf: now() + 60 })),
    'without an end': () => {
      const { exp: _exp, ...rest } = claims();
      return sign(rest);
    },
    'without a subject': () => {
      const { sub: _sub, ...rest } = claims();
      return sign(rest);
    },
    'with an empty subject': () => sign(claims({ sub: '' })),
    'with a subject of more than 128 bytes': () => sign(claims({ sub: 'ä'.repeat(65) })),
    'with a control character in its subject': () => sign(claims({ sub: 'a\u0000b' })),
    'with half a surrogate pair in its subject': () => sign(claims({ sub: 'a\ud800' })),
    'signed by another key': () => sign(claims(), 'EdDSA', generateKeyPairSync('ed25519').privateKey),
    'whose claims were changed after signing': async () => {
      const [header, , signature] = (await sign(claims())).split('.');
      const forged = Buffer.from(JSON.stringify(claims({ sub: 'bob' }))).toString('base64url');
      return `${header}.${forged}.${signature}`;
    },
    'that is unsecured (alg none)': () => new UnsecuredJWT(claims()).encode(),
    'signed with a shared secret made of the public key (HS256)': () =>
      sign(claims(), 'HS256', ed25519.publicKey.export({ type: 'spki', format: 'der' })),
  };
  for (const [what, make] of Object.entries(refused)) {
    it(`${what} is refused`, async () => {
      expect(await codeOf(verifier, await make())).to.equal('unauthorized');
    });
  }

  it('of our own key ends on the second', async () => {
    expect(await codeOf(verifier, await sign(claims({ exp: now() })))).to.equal('unauthorized');
  });
});

describe('with the keys of another issuer (AUTH_JWKS_URL)', () => {
  const es256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let server: Server;
  let answer: { status: number; body: string };
  let requests = 0;

  before(async () => {
    const keys = [
      { ...(await exportJWK(es256.publicKey)), kid: 'ec' },
      { ...(await exportJWK(rsa.publicKey)), kid: 'rsa' },
    ];
    answer = { status: 200, body: JSON.stringify({ keys }) };
    server = createServer((_request, response) => {
      requests += 1;
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server.close());

  const remote = (): TokenVerifier => {
    const { port } = server.address() as AddressInfo;
    return createTokenVerifier({
      issuer,
      audience,
      key: createRemoteJWKSet(new URL(`http://127.0.0.1:${port}/`)),
    });
  };
  const withKid = (kid: string, alg: string, key: KeyObject) =>
    new SignJWT(claims()).setProtectedHeader({ alg, kid }).sign(key);

  it('ES256, RS256 and PS256 are accepted, and the keys are fetched once', async () => {
    const verifier = remote();
    const before = requests;
    expect(await codeOf(verifier, await withKid('ec', 'ES256', es256.privateKey))).to.equal('accepted');
    expect(await codeOf(verifier, await withKid('rsa', 'RS256', rsa.privateKey))).to.equal('accepted');
    expect(await codeOf(verifier, await withKid('rsa', 'PS256', rsa.privateKey))).to.equal('accepted');
    expect(requests - before).to.equal(1);
  });

  it('their clock may be a few seconds from ours', async () => {
    const justOver = new SignJWT(claims({ exp: now() - 2 })).setProtectedHeader({ alg: 'ES256', kid: 'ec' });
    expect(await codeOf(remote(), await justOver.sign(es256.privateKey))).to.equal('accepted');
  });

  it('algorithms off the list and unknown keys are refused', async () => {
    const verifier = remote();
    expect(await codeOf(verifier, await withKid('rsa', 'RS512', rsa.privateKey))).to.equal('unauthorized');
    expect(await codeOf(verifier, await withKid('gone', 'ES256', es256.privateKey))).to.equal('unauthorized');
  });

  it('an issuer that cannot be reached is our trouble (503), not the token’s (401)', async () => {
    const verifier = remote();
    const token = await withKid('ec', 'ES256', es256.privateKey);
    const good = answer;
    answer = { status: 500, body: 'no' };
    expect(await codeOf(verifier, token)).to.equal('unavailable');
    answer = good;
    const gone = createTokenVerifier({
      issuer,
      audience,
      key: createRemoteJWKSet(new URL('http://127.0.0.1:1/')),
    });
    expect(await codeOf(gone, token)).to.equal('unavailable');
  });
});
