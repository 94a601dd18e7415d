import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeJwt } from 'jose';
import { readConfig } from '../../runtime/config.js';
import { openAuth } from '../../runtime/auth/open-auth.js';
import { packageRoot } from '../../runtime/package-root.js';

describe('npm run token', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'token-cli-'));
  after(() => rmSync(dataDir, { recursive: true }));

  function run(args: string[], env: Record<string, string> = {}) {
    const script = join(packageRoot, 'dist/runtime/auth/token-cli.js');
    return spawnSync(process.execPath, [script, ...args], {
      env: { DATA_DIR: dataDir, ...env },
      encoding: 'utf8',
    });
  }

  it('prints a token and nothing else, before the system ever ran, and the system accepts it', async () => {
    const { stdout, stderr, status } = run(['--user', 'alice']);
    expect({ stderr, status }).to.deep.equal({ stderr: '', status: 0 });
    expect(stdout).to.match(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { tokens } = await openAuth(readConfig({ DATA_DIR: dataDir }, []));
    const principal = await tokens.verify(stdout.trim());
    expect(principal.userId).to.equal('alice');
    expect([...principal.scopes]).to.have.members(['tasks:read', 'tasks:write']);
  });

  it('takes scopes and an end', () => {
    const { stdout } = run(['--user', 'bob', '--scopes', 'tasks:read', '--expires', '2h']);
    const { scope, exp = 0, iat = 0 } = decodeJwt(stdout.trim());
    expect({ scope, seconds: exp - iat }).to.deep.equal({ scope: 'tasks:read', seconds: 7200 });
  });

  const wrong: [string, string[], Record<string, string>, RegExp][] = [
    ['no user', [], {}, /--user is missing/],
    ['an empty user', ['--user', ''], {}, /--user must not be empty/],
    ['an unknown option', ['--user', 'a', '--admin'], {}, /--admin/],
    ['an unknown scope', ['--user', 'a', '--scopes', 'root'], {}, /"root" is not a scope/],
    ['no time at all', ['--user', 'a', '--expires', '0d'], {}, /--expires/],
    ['a time without unit', ['--user', 'a', '--expires', '30'], {}, /--expires/],
    ['a wrong setting', ['--user', 'a'], { PORT: 'x' }, /PORT/],
    ['another issuer', ['--user', 'a'], { AUTH_JWKS_URL: 'https://issuer.example/jwks' }, /come from the issuer/],
  ];
  for (const [what, args, env, message] of wrong) {
    it(`with ${what} says so on stderr, prints nothing on stdout and ends with exit code 2`, () => {
      const { stdout, stderr, status } = run(args, env);
      expect({ stdout, status }).to.deep.equal({ stdout: '', status: 2 });
      expect(stderr).to.match(message);
    });
  }
});
