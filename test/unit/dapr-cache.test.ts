import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readDaprSource } from '../../runtime/dapr/build-from-source.js';
import { daprCacheFolder } from '../../runtime/dapr/cache.js';
import { lockByProcess } from '../../runtime/dapr/process-lock.js';
import { packageRoot } from '../../runtime/package-root.js';

describe('where Dapr is kept', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'dapr-cache-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('the key of a build follows go.mod, go.sum and the sources, and nothing else', async () => {
    const source = join(root, 'source');
    await cp(join(packageRoot, 'docker', 'dapr'), source, { recursive: true });
    const { key, version } = await readDaprSource(source);
    expect(key)
      .to.equal((await readDaprSource()).key)
      .and.to.contain(version);

    await writeFile(join(source, 'README.md'), 'not built from this');
    expect((await readDaprSource(source)).key).to.equal(key);
    for (const file of ['go.sum', 'go.mod', 'cmd/placement/main.go']) {
      const { key: before } = await readDaprSource(source);
      await writeFile(join(source, file), '\n', { flag: 'a' });
      expect((await readDaprSource(source)).key, file).not.to.equal(before);
    }
    await mkdir(join(source, 'cmd', 'more'));
    const { key: before } = await readDaprSource(source);
    await writeFile(join(source, 'cmd', 'more', 'main.go'), 'package main\n');
    expect((await readDaprSource(source)).key).not.to.equal(before);
  });

  it('it is in the user cache folder, and XDG_CACHE_HOME is heeded when it is absolute', async function () {
    if (process.platform !== 'linux') this.skip();
    const home = join(root, 'home');
    expect(await daprCacheFolder({ HOME: home })).to.equal(join(home, '.cache/todo-chatbot/dapr'));
    expect(await daprCacheFolder({ HOME: home, XDG_CACHE_HOME: join(root, 'xdg') })).to.equal(
      join(root, 'xdg/todo-chatbot/dapr'),
    );
    expect(await daprCacheFolder({ HOME: home, XDG_CACHE_HOME: 'relative' })).to.equal(
      join(home, '.cache/todo-chatbot/dapr'),
    );
  });

  it('where the cache folder cannot be made, a private folder below the temporary one takes its place', async () => {
    await writeFile(join(root, 'file'), '');
    const folder = await daprCacheFolder({ HOME: join(root, 'file'), XDG_CACHE_HOME: '' });
    expect(folder.startsWith(tmpdir())).to.equal(true);
  });

  it('a lock is let go by kill -9 of its holder', async () => {
    const held = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `const { lockByProcess } = await import(${JSON.stringify(join(packageRoot, 'dist/runtime/dapr/process-lock.js'))});
       await lockByProcess(${JSON.stringify(root)}, () => undefined);
       console.log('held');
       setInterval(() => undefined, 1000);`,
    ]);
    await once(held.stdout, 'data');
    let waits = 0;
    const mine = lockByProcess(root, () => waits++);
    while (waits === 0) await new Promise((go) => setTimeout(go, 5));
    held.kill('SIGKILL');
    (await mine)();
    expect(waits).to.equal(1);
  });

  it('a lock that was let go can be taken again, and a wait for it can be given up', async () => {
    const release = await lockByProcess(root, () => undefined);
    const stop = new AbortController();
    const waiting = lockByProcess(root, () => stop.abort(new Error('given up')), stop.signal);
    expect(String(await waiting.catch((reason: unknown) => reason))).to.equal('Error: given up');
    release();
    (await lockByProcess(root, () => undefined))();
  });
});
