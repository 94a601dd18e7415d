import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { postgresBinaries, PostgresUnavailableError } from '../../runtime/postgres/binaries.js';

const log = pino({ level: 'silent' });
const isRoot = process.getuid?.() === 0;
const nobody = isRoot ? { uid: 65534, gid: 65534 } : undefined;

/** A package whose programs only run when the link is there that its list names. */
const makePackage = async (folder: string): Promise<void> => {
  await mkdir(join(folder, 'bin'), { recursive: true });
  await mkdir(join(folder, 'lib'));
  await writeFile(join(folder, 'lib', 'real'), 'the library');
  const links = [{ source: 'native/lib/real', target: 'native/lib/link' }];
  await writeFile(join(folder, 'pg-symlinks.json'), JSON.stringify(links));
  for (const name of ['postgres', 'initdb']) {
    const file = join(folder, 'bin', name);
    await writeFile(file, '#!/bin/sh\ncat "$(dirname "$0")/../lib/link"\n', { mode: 0o755 });
  }
};

describe('The programs of PostgreSQL', () => {
  let folder: string;
  let native: string;
  let cache: string;
  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'binaries-'));
    await chmod(folder, 0o755);
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    const each = await mkdtemp(join(folder, 'each-'));
    await chmod(each, 0o755);
    native = join(each, 'package', 'native');
    cache = join(each, 'cache');
    await makePackage(native);
  });

  const find = (caches = [cache]) => postgresBinaries({ label: 'fake-1', folder: native }, nobody, log, caches);

  it('are run where they are, with the links made that npm did not make', async () => {
    expect(await find()).to.equal(native);
    expect(await readlink(join(native, 'lib', 'link'))).to.equal('real');
  });

  it('are copied once to where the user that runs them may go', async function () {
    if (!isRoot) return this.skip();
    const closed = await mkdtemp(join(homedir(), 'binaries-'));
    native = join(closed, 'native');
    await makePackage(native);
    for (const entry of ['', 'bin', 'lib', 'lib/real', 'pg-symlinks.json']) {
      await chmod(join(native, entry), entry.includes('/') || entry.endsWith('json') ? 0o600 : 0o700);
    }
    try {
      expect(await find()).to.equal(join(cache, 'fake-1'));
      expect(await readFile(join(cache, 'fake-1', 'lib', 'link'), 'utf8')).to.equal('the library');
      await writeFile(join(cache, 'fake-1', 'lib', 'real'), 'the same copy');
      expect(await find()).to.equal(join(cache, 'fake-1'));
      expect(await readFile(join(cache, 'fake-1', 'lib', 'link'), 'utf8')).to.equal('the same copy');
      expect(await readdir(cache)).to.deep.equal(['fake-1']);
    } finally {
      await rm(closed, { recursive: true });
    }
  });

  it('are never run from a folder that somebody else may write', async () => {
    await writeFile(join(native, 'lib', 'real'), '');
    await rm(join(native, 'pg-symlinks.json')); // the package does not run in place
    await mkdir(cache);
    await chmod(cache, 0o777);
    const target = join(folder, 'target');
    await mkdir(target, { recursive: true });
    const link = join(folder, `link-${Date.now()}`);
    await symlink(target, link);
    const problem = await find([cache, link]).catch((error: unknown) => error);
    expect(problem).to.be.instanceOf(PostgresUnavailableError);
    expect(String(problem).match(/not ours alone/g)).to.have.length(2);
    expect(String(problem)).to.include('DATABASE_URL');
  });
});
