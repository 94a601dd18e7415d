import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openAuth } from '../../runtime/auth/open-auth.js';
import { openOwnKey } from '../../runtime/auth/own-key.js';

describe('the key of our own', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = join(await mkdtemp(join(tmpdir(), 'own-key-')), 'not', 'there', 'yet');
  });
  afterEach(() => rm(join(dataDir, '..', '..', '..'), { recursive: true }));

  it('is made once, for its owner only, and found again', async () => {
    const made = await openOwnKey(dataDir);
    const found = await openOwnKey(dataDir);
    expect(found.id).to.equal(made.id);
    const folder = join(dataDir, 'keys');
    const files = await readdir(folder);
    expect(files).to.have.length(1);
    expect((await stat(join(folder, files[0] ?? ''))).mode & 0o777).to.equal(0o600);
    expect((await stat(folder)).mode & 0o777).to.equal(0o700);
  });

  it('is the same for all who make it at once', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => openOwnKey(dataDir)));
    expect(new Set(keys.map((key) => key.id)).size).to.equal(1);
    expect(await readdir(join(dataDir, 'keys'))).to.have.length(1);
  });

  it('signs tokens that pass the check, with the user, the scopes and the end that were asked for', async () => {
    const auth = { issuer: 'i', audience: 'a', jwksUrl: undefined };
    const { tokens, issueToken } = await openAuth({ auth, dataDir });
    const token = (await issueToken?.({ user: 'alice', scopes: ['tasks:read'], expiresInSeconds: 90 })) ?? '';
    const { userId, scopes, expiresAt } = await tokens.verify(token);
    expect(userId).to.equal('alice');
    expect([...scopes]).to.deep.equal(['tasks:read']);
    expect(expiresAt - Date.now() / 1000).to.be.within(85, 91);
  });
});
