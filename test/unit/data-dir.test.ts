import { chmod, mkdir, mkdtemp, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { DataDirError, openDataDir } from '../../runtime/data-dir.js';
import { runScript, type Script } from '../support/script.js';
import { until } from '../support/until.js';

const refusal = async (path: string): Promise<string> => {
  try {
    (await openDataDir(path)).close();
  } catch (error) {
    if (error instanceof DataDirError) return error.message;
    throw error;
  }
  throw new Error('it was opened');
};

/** A process that has the folder until it is ended. */
const holder = (path: string, more = ''): Script =>
  runScript(`
    const { openDataDir } = await import(root + 'runtime/data-dir.js');
    try {
      const dir = await openDataDir(${JSON.stringify(path)});
      dir.announce('http://127.0.0.1:8123');
      ${more}
      console.log('has it ' + dir.path);
      setInterval(() => undefined, 1000);
    } catch (error) { console.log('refused ' + error.message); }`);

describe('DATA_DIR', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'data-dir-')));
    path = join(folder, 'made', 'here');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is made for its user alone', async () => {
    const dir = await openDataDir(path);
    expect(dir.path).to.equal(path);
    expect((await stat(path)).mode & 0o777).to.equal(0o700);
    dir.close();
  });

  it('is refused to a second start, which is told by whom it is in use', async () => {
    const first = holder(path);
    await first.line('has it ');
    expect(await refusal(path))
      .to.include(path)
      .and.include(`process ${first.process.pid}`)
      .and.match(/started \d{4}-\d\d-\d\dT/)
      .and.include('http://127.0.0.1:8123');
    first.process.kill('SIGKILL');
    await first.ended;
  });

  it('is one and the same by a relative path and through a symbolic link', async () => {
    const dir = await openDataDir(path);
    const link = join(folder, 'link');
    await symlink(path, link);
    expect(await refusal(link)).to.include(`${path} is in use by process ${process.pid}`);
    expect(await refusal(relative(process.cwd(), path))).to.include(`${path} is in use by process ${process.pid}`);
    dir.close();
  });

  it('is free at once after kill -9 of its holder, also while a child of that lives on', async () => {
    const first = holder(
      path,
      `const { spawn } = await import('node:child_process');
       console.log('child ' + spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).pid);`,
    );
    const child = Number(await first.line('child '));
    await first.line('has it ');
    first.process.kill('SIGKILL');
    await first.ended;
    const dir = await openDataDir(path);
    dir.close();
    process.kill(child, 'SIGKILL');
  });

  it('is not blocked by a lock file whose process id belongs to somebody else now', async () => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'lock'), JSON.stringify({ pid: 1, host: 'here', started_at: '2026-01-01T00:00:00Z' }));
    (await openDataDir(path)).close();
  });

  it('goes to exactly one of several simultaneous starts', async () => {
    const starts = Array.from({ length: 6 }, () => holder(path));
    const decided = (): boolean[] => starts.map(({ lines }) => lines.some((line) => /^(has it|refused) /.test(line)));
    await until('all have decided', () => decided().every(Boolean), 20_000);
    const winners = starts.filter(({ lines }) => lines.some((line) => line.startsWith('has it ')));
    const refused = starts.filter((start) => !winners.includes(start));
    expect(winners).to.have.length(1);
    for (const { lines } of refused) expect(lines.join()).to.include(`in use by process ${winners[0]?.process.pid}`);
    for (const { process } of winners) process.kill('SIGKILL');
    await Promise.all(starts.map(({ ended }) => ended));
  }).timeout(30_000);

  it('can be opened again after it was closed', async () => {
    (await openDataDir(path)).close();
    (await openDataDir(path)).close();
  });

  it('that is a file is refused with a reason', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(await refusal(join(folder, 'file'))).to.match(/cannot be used: .*(EEXIST|ENOTDIR)/);
  });

  it('that may not be written is refused with a reason', async function () {
    if (process.getuid?.() !== 0) {
      await mkdir(path, { recursive: true });
      await chmod(path, 0o500);
      expect(await refusal(path)).to.match(/cannot be used: EACCES/);
      return;
    }
    await mkdir(path, { recursive: true, mode: 0o755 });
    await chmod(folder, 0o755);
    const other = runScript(
      `const { openDataDir } = await import(root + 'runtime/data-dir.js');
       await openDataDir(${JSON.stringify(path)}).catch((error) => console.log(error.name + ' ' + error.message));`,
      { uid: 65534, gid: 65534 },
    );
    expect(await other.line('DataDirError ')).to.match(/cannot be used: EACCES/);
  });
});
