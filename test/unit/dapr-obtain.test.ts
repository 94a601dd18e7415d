import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { releasePlatform, releaseVersion } from '../../runtime/dapr/download-release.js';
import { isAtLeast } from '../../runtime/dapr/find-installed.js';
import { obtainDapr, type ObtainOptions } from '../../runtime/dapr/obtain.js';
import { programNames } from '../../runtime/dapr/programs.js';
import { createProgress } from '../../runtime/progress.js';

describe('where Dapr comes from', () => {
  let root: string;
  let lines: string[];
  let builds: number;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'dapr-obtain-'));
    lines = [];
    builds = 0;
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function install(folder: string, version: string, programs: readonly string[] = programNames): Promise<string> {
    const path = join(root, folder);
    await mkdir(path, { recursive: true });
    for (const program of programs) {
      await writeFile(join(path, program), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
    }
    return path;
  }

  /** Obtains it on a machine that has nothing but what the test installed, in a closed network, with a fake Go. */
  function obtain(env: NodeJS.ProcessEnv = {}, more: Partial<ObtainOptions> = {}) {
    return obtainDapr({
      env: { HOME: join(root, 'home'), PATH: join(root, 'empty'), ...env },
      progress: createProgress({ write: (text: string) => lines.push(text.trim()) }),
      cacheDir: root,
      releaseUrl: 'http://127.0.0.1:9/nobody-listens-here',
      async build({ folder }) {
        builds++;
        for (const program of programNames) await writeFile(join(folder, program), '', { mode: 0o755 });
      },
      ...more,
    });
  }

  it('DAPR_BIN comes before PATH, PATH before ~/.dapr/bin, and that before a build', async () => {
    const named = await install('named', '1.16.2');
    const onPath = await install('path', '1.16.3');
    const inHome = await install('home/.dapr/bin', '1.16.4');
    const all = { DAPR_BIN: named, PATH: onPath };

    expect(await obtain(all)).to.include({ source: 'DAPR_BIN', version: '1.16.2', daprd: join(named, 'daprd') });
    expect(await obtain({ PATH: onPath })).to.include({ source: 'PATH', version: '1.16.3' });
    expect(await obtain()).to.include({ source: '~/.dapr/bin', scheduler: join(inHome, 'scheduler') });
    expect(builds).to.equal(0);
    await rm(inHome, { recursive: true });
    expect(await obtain()).to.include({ source: 'built from the Go module' });
    expect(builds).to.equal(1);
  });

  it('DAPR_BIN may name daprd itself', async () => {
    const named = await install('named', '1.16.0');
    expect(await obtain({ DAPR_BIN: join(named, 'daprd') })).to.include({ placement: join(named, 'placement') });
  });

  it('a DAPR_BIN that is too old is an error that says what was found and what is needed', async () => {
    const named = await install('named', '1.15.9');
    const error = await failure(obtain({ DAPR_BIN: named }));
    expect(error.name).to.equal('UnusableDaprError');
    expect(error.message).to.contain(named).and.to.contain('1.15.9').and.to.contain('1.16.0 or newer');
  });

  it('a DAPR_BIN without a scheduler is an error that names the scheduler', async () => {
    const named = await install('named', '1.16.0', ['daprd', 'placement']);
    const error = await failure(obtain({ DAPR_BIN: named }));
    expect(error.message).to.contain('scheduler cannot be run there');
  });

  it('an installed Dapr that is too old or incomplete is passed over, saying why', async () => {
    const old = await install('old', '1.12.0');
    await install('home/.dapr/bin', '1.16.0', ['daprd']);
    expect(await obtain({ PATH: old })).to.include({ source: 'built from the Go module' });
    expect(lines.join('\n')).to.contain(`passing over Dapr in ${old} (PATH): it is Dapr 1.12.0, and 1.16.0 or newer`);
    expect(lines.join('\n')).to.contain('placement and scheduler cannot be run there');
  });

  it('versions are compared as numbers, and one without numbers is not enough', () => {
    expect(isAtLeast('1.16.0', '1.16.0')).to.equal(true);
    expect(isAtLeast('1.16.10', '1.16.9')).to.equal(true);
    expect(isAtLeast('2.0.0', '1.16.9')).to.equal(true);
    expect(isAtLeast('1.9.9', '1.16.0')).to.equal(false);
    expect(isAtLeast('edge', '1.16.0')).to.equal(false);
  });

  it('what was built is kept, and the next start neither downloads nor builds', async () => {
    const first = await obtain();
    expect(await obtain()).to.deep.equal(first);
    expect(builds).to.equal(1);
  });

  it('two starts at once build once, and the second one says that it waits', async () => {
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const slow: Partial<ObtainOptions> = {
      async build({ folder }) {
        builds++;
        await finished;
        for (const program of programNames) await writeFile(join(folder, program), '', { mode: 0o755 });
      },
    };
    const quick = createProgress({ write: (text: string) => lines.push(text) }, { quietMs: 20 });
    const both = [obtain({}, { ...slow, progress: quick }), obtain({}, { ...slow, progress: quick })];
    while (!lines.some((line) => line.includes('another start is at it'))) await new Promise((go) => setTimeout(go, 5));
    finish();
    const [one, other] = await Promise.all(both);
    expect(one).to.deep.equal(other);
    expect(builds).to.equal(1);
  });

  it('a build that fails leaves nothing, and the error says all that was tried', async () => {
    const error = await failure(
      obtain(
        {},
        {
          async build({ folder }) {
            await writeFile(join(folder, 'daprd'), 'half');
            throw new Error('Go is not installed (no `go` on PATH)');
          },
        },
      ),
    );
    expect(error.message).to.contain('DAPR_BIN').and.to.contain(releaseVersion).and.to.contain('Go is not installed');
    expect(await readdir(root)).to.deep.equal([]);
  });

  it('what a killed build left is removed by the next one, and what a running one makes is not', async () => {
    const gone = execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
    await mkdir(join(root, `build-old.making-${gone}-abc`));
    await mkdir(join(root, `build-new.making-${process.pid}-abc`));
    const { daprd } = await obtain();
    const kept = basename(dirname(daprd));
    expect(await readdir(root)).to.have.members([kept, `build-new.making-${process.pid}-abc`]);
  });

  describe('the official release', () => {
    let server: Server;
    let url: string;
    const platform = releasePlatform('linux', 'x64') ?? '';

    /** Serves a release of three scripts; `damage` may change an archive after its checksum was taken. */
    async function publish(damage: (name: string, content: Buffer) => Buffer = (_, content) => content): Promise<void> {
      const files = new Map<string, Buffer | string>();
      for (const program of programNames) {
        const folder = await install('made', releaseVersion, [program]);
        const name = `${program}_${releasePlatform() ?? platform}.tar.gz`;
        execFileSync('tar', ['-czf', join(root, name), '-C', folder, program]);
        const content = await readFile(join(root, name));
        await rm(join(root, name));
        files.set(`/${name}.sha256`, `${createHash('sha256').update(content).digest('hex')} *${name}\n`);
        files.set(`/${name}`, damage(program, content));
      }
      server = createServer((request, response) => {
        const content = files.get(request.url ?? '');
        response.writeHead(content === undefined ? 404 : 200).end(content);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }
    afterEach(() => server.close());

    it('is unpacked, can be run, and leaves no archive behind', async () => {
      await publish();
      const programs = await obtain({}, { releaseUrl: url });
      expect(programs).to.include({ source: 'official release', version: releaseVersion });
      for (const name of programNames) {
        expect(execFileSync(programs[name], { encoding: 'utf8' }).trim()).to.equal(releaseVersion);
      }
      expect(await readdir(join(programs.daprd, '..'))).to.have.members([...programNames]);
      expect(builds).to.equal(0);
    });

    it('is not used when an archive has another SHA-256 than was published', async () => {
      await publish((name, content) => (name === 'scheduler' ? Buffer.concat([content, Buffer.from('x')]) : content));
      expect(await obtain({}, { releaseUrl: url })).to.include({ source: 'built from the Go module' });
      expect(lines.join('\n')).to.contain('was published: it was not used');
    });
  });

  it('a program that is not executable does not count as installed', async () => {
    const named = await install('named', '1.16.0');
    await chmod(join(named, 'scheduler'), 0o644);
    await access(join(named, 'scheduler'));
    expect(await obtain({ PATH: named })).to.include({ source: 'built from the Go module' });
  });
});

async function failure(promise: Promise<unknown>): Promise<Error> {
  const reason: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(reason instanceof Error)) throw new Error('it did not fail');
  return reason;
}
