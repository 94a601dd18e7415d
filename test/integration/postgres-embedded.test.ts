import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chown, cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { pino } from 'pino';
import { createSupervisor, type ProcessSupervisor } from '../../runtime/processes/supervisor.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../runtime/postgres/embedded.js';
import { isRunning, runScript, type Script } from '../support/script.js';
import { until } from '../support/until.js';

const log = pino({ level: 'silent' });
const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };

interface Started extends EmbeddedPostgres {
  readonly query: (text: string) => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

const query = async (url: string, text: string): Promise<string[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the query that it breaks fails with it
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(text);
  await client.end();
  return rows.map((row) => Object.values(row).join(' '));
};

const supervisors: ProcessSupervisor[] = [];
const supervise = (): ProcessSupervisor => {
  const supervisor = createSupervisor({
    log,
    onFatal(error) {
      throw error;
    },
  });
  supervisors.push(supervisor);
  return supervisor;
};

const start = async (dataDir: string): Promise<Started> => {
  const supervisor = supervise();
  const started = await startEmbeddedPostgres({ dataDir, supervisor, log });
  return { ...started, query: (text) => query(started.url, text), stop: () => supervisor.stop() };
};

/** A program of its own that runs PostgreSQL in `dataDir` and prints `url` and `pid`. */
const scripts: Script[] = [];
const program = (dataDir: string, user?: { uid: number; gid: number }): Script => {
  const script = runScript(
    `
    const { createSupervisor } = await import(root + 'runtime/processes/supervisor.js');
    const { startEmbeddedPostgres } = await import(root + 'runtime/postgres/embedded.js');
    const { default: pino } = await import('${import.meta.resolve('pino')}');
    const log = pino({ level: 'silent' });
    const supervisor = createSupervisor({ log, onFatal(error) { throw error; } });
    console.log('starting');
    const { url, child } = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, supervisor, log });
    console.log('url ' + url);
    console.log('pid ' + child.pid);
    process.on('SIGTERM', () => supervisor.stop());`,
    user,
  );
  scripts.push(script);
  return script;
};

/** The ids of all processes below `pid`. */
const descendants = (pid: number): number[] => {
  const children = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
  return children.flatMap((child) => [child, ...descendants(child)]);
};

const killed = async (script: Script, also: number[] = []): Promise<void> => {
  for (const pid of also) process.kill(pid, 'SIGKILL');
  script.process.kill('SIGKILL');
  await script.ended;
};

describe('Embedded PostgreSQL', function () {
  this.timeout(40_000);
  let folder: string;
  let dataDir: string;

  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'postgres-embedded-')));
    dataDir = join(folder, 'data');
    await mkdir(dataDir, { mode: 0o700 });
    const first = await start(dataDir);
    await first.query('CREATE TABLE kept (n int PRIMARY KEY)');
    await first.stop();
  });
  afterEach(async () => {
    for (const supervisor of supervisors.splice(0)) await supervisor.stop();
    for (const { process } of scripts.splice(0)) process.kill('SIGKILL');
  });
  after(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

  it('is UTF-8, sorts the same everywhere, checks its pages, and writes through to the disk', async () => {
    const { query, stop } = await start(dataDir);
    const [database] = await query(
      `SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale FROM pg_database WHERE datname = current_database()`,
    );
    expect(database).to.equal('UTF8 b C.UTF-8');
    for (const setting of ['data_checksums', 'fsync', 'full_page_writes', 'synchronous_commit']) {
      expect(await query(`SHOW ${setting}`), setting).to.deep.equal(['on']);
    }
    await stop();
  });

  it('lets nobody in without the password, which only its user can read', async () => {
    const { url, stop } = await start(dataDir);
    const wrong = Object.assign(new URL(url), { password: 'wrong' }).href;
    expect(await query(wrong, 'SELECT 1').catch((error: unknown) => String(error))).to.match(
      /password authentication failed/,
    );
    expect((await stat(join(dataDir, 'postgres-password'))).mode & 0o777).to.equal(0o600);
    expect(new URL(url).hostname).to.equal('127.0.0.1');
    await stop();
  });

  it('leaves no process behind when it is stopped', async () => {
    const { child, stop } = await start(dataDir);
    const pids = [child.pid ?? 0, ...descendants(child.pid ?? 0)];
    expect(pids).to.have.length.above(3);
    await stop();
    expect(pids.filter(isRunning)).to.deep.equal([]);
    expect(await readdir(join(dataDir, 'postgres'))).to.not.include('postmaster.pid');
  });

  it('is started again at the same address after it was killed, with everything committed', async () => {
    const { child, query, stop } = await start(dataDir);
    await query('INSERT INTO kept VALUES (1)');
    const first = child.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await until('it is noticed', () => !child.isReady);
    await until('it is ready again', () => child.isReady);
    expect(child.pid).to.not.equal(first);
    expect(await query('SELECT n FROM kept WHERE n = 1')).to.deep.equal(['1']);
    await stop();
  });

  it('ends within ten seconds after kill -9 of the program, and the next start has what was committed', async () => {
    const script = program(dataDir);
    const url = await script.line('url ');
    const pid = Number(await script.line('pid '));
    const pids = [pid, ...descendants(pid)];
    await query(url, 'INSERT INTO kept VALUES (2)');
    await killed(script);
    await until('all its processes have ended', () => !pids.some(isRunning), 10_000);
    const next = await start(dataDir);
    expect(await next.query('SELECT n FROM kept WHERE n = 2')).to.deep.equal(['2']);
    await next.stop();
  });

  it('starts at once after kill -9 of the program, also while the old server is still busy', async () => {
    const script = program(dataDir);
    const url = await script.line('url ');
    await query(url, 'INSERT INTO kept VALUES (3)');
    void query(url, 'SELECT count(*) FROM generate_series(1, 1000000000)').catch(() => undefined);
    await killed(script);
    const next = await start(dataDir);
    expect(await next.query('SELECT n FROM kept WHERE n = 3')).to.deep.equal(['3']);
    await next.stop();
  });

  it('ends a server that was left without anybody to end it', async () => {
    const script = program(dataDir);
    const url = await script.line('url ');
    const pid = Number(await script.line('pid '));
    await query(url, 'INSERT INTO kept VALUES (4)');
    const guards = descendants(script.process.pid ?? 0).filter(
      (each) => each !== pid && !descendants(pid).includes(each),
    );
    expect(guards).to.have.length(1);
    script.process.kill('SIGSTOP'); // so that it does not start another guard
    await killed(script, guards);
    await sleep(300);
    expect(isRunning(pid)).to.equal(true);
    const link = join(folder, 'link');
    await symlink(dataDir, link);
    const next = await start(link);
    expect(isRunning(pid)).to.equal(false);
    expect(await next.query('SELECT n FROM kept WHERE n = 4')).to.deep.equal(['4']);
    await next.stop();
  });

  it('starts although the process id in a stale postmaster.pid is that of another program', async () => {
    const cluster = join(dataDir, 'postgres');
    const { uid, gid } = await stat(cluster);
    const other: ChildProcess = spawn('sleep', ['60'], isRoot ? { uid, gid } : {});
    const file = join(cluster, 'postmaster.pid');
    await writeFile(file, `${other.pid}\n${cluster}\n1767225600\n5432\n\n127.0.0.1\n  1234567         0\nready   \n`, {
      mode: 0o600,
    });
    if (isRoot) await chown(file, uid, gid);
    const { query, stop } = await start(dataDir);
    expect(await query('SELECT 1')).to.deep.equal(['1']);
    expect(isRunning(other.pid ?? 0)).to.equal(true);
    other.kill();
    await stop();
  });

  it('leaves nothing half made when the first start is killed', async () => {
    const fresh = join(folder, 'interrupted');
    await mkdir(fresh);
    const script = program(fresh);
    await until('the cluster is being made', async () =>
      (await readdir(fresh)).some((name) => name.includes('half-made')),
    );
    await sleep(100);
    await killed(script);
    expect(await readdir(fresh)).to.not.include('postgres');
    const { query, stop } = await start(fresh);
    expect(await query('SELECT 1')).to.deep.equal(['1']);
    expect(await readdir(fresh)).to.have.members(['postgres', 'postgres-password']);
    await stop();
  });

  it('gives up making the cluster when the program is to stop', async () => {
    const fresh = join(folder, 'given-up');
    await mkdir(fresh);
    const stop = new AbortController();
    const supervisor = supervise();
    const started = startEmbeddedPostgres({ dataDir: fresh, supervisor, log, signal: stop.signal });
    await until('the cluster is being made', async () =>
      (await readdir(fresh)).some((name) => name.includes('half-made')),
    );
    await sleep(100);
    stop.abort(new Error('to stop'));
    expect(await started.catch((error: unknown) => String(error))).to.equal('Error: to stop');
    expect(await readdir(fresh)).to.deep.equal(['postgres-password']);
  });

  it('refuses the data of another major version, and says what to do', async () => {
    const old = join(folder, 'old');
    await cp(dataDir, old, { recursive: true });
    await writeFile(join(old, 'postgres', 'PG_VERSION'), '16\n');
    const refused = await start(old).catch((error: unknown) => String(error));
    expect(refused).to.match(/made by PostgreSQL 16, this is .*17\.\d+.*pg_dump/);
  });

  it('runs for root below a folder that only root may enter, as another user', async function () {
    if (!isRoot) return this.skip();
    const closed = await mkdtemp(join('/root', 'postgres-embedded-'));
    try {
      const fresh = join(closed, 'data');
      await mkdir(fresh, { mode: 0o700 });
      const { child, query, stop } = await start(fresh);
      expect(await query('SELECT 1')).to.deep.equal(['1']);
      expect((await stat(join(fresh, 'postgres'))).uid).to.not.equal(0);
      const [, uid] = /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      expect(Number(uid)).to.be.above(0);
      await stop();
      const again = await start(fresh);
      expect(await again.query('SELECT 1')).to.deep.equal(['1']);
      await again.stop();
    } finally {
      await rm(closed, { recursive: true });
    }
  });

  it('runs for an ordinary user as that user', async function () {
    if (!isRoot) return this.skip(); // then every other test here shows it
    const own = join(folder, 'nobody');
    await mkdir(own, { mode: 0o700 });
    await chown(folder, 0, 0);
    execFileSync('chmod', ['755', folder]);
    await chown(own, nobody.uid, nobody.gid);
    const script = program(own, nobody);
    const url = await script.line('url ');
    expect(await query(url, 'SELECT 1')).to.deep.equal(['1']);
    expect((await stat(join(own, 'postgres'))).uid).to.equal(nobody.uid);
    script.process.kill('SIGTERM');
    expect(await script.ended).to.equal(0);
  });
});
