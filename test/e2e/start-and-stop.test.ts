import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../runtime/package-root.js';
import { startGuarded, type Exit } from '../../runtime/processes/guarded-process.js';
import type { Reply } from '../support/http.js';
import { isRunning } from '../support/script.js';
import {
  programCommand,
  programEnv,
  sharedSystem,
  startTestSystem,
  startTimeoutMs,
  type TestSystem,
} from '../support/system.js';
import { until } from '../support/until.js';

/** A start that may well not come far. */
async function start(settings: Record<string, string>, args: readonly string[] = []) {
  const lines: string[] = [];
  const program = await startGuarded({
    ...programCommand,
    args: [...programCommand.args, ...args],
    env: programEnv(settings),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 20_000,
    onLine: (line) => lines.push(line),
  });
  return { pid: program.pid, lines, output: () => lines.join('\n'), ended: program.gone };
}
async function endOf(settings: Record<string, string>, ...args: string[]): Promise<{ exit: Exit; output: string }> {
  const { ended, output } = await start(settings, args);
  return { exit: await ended, output: output() };
}
/** A machine that does much else is slow, not wrong. */
const patienceMs = 120_000;
const exitCode = (code: number): Exit => ({ code, signal: null });

describe('npm start', () => {
  const system = sharedSystem();

  it('prints each step with the time it took, then the address, a token of demo and what to try', () => {
    const printed = system().lines.filter((line) => !line.startsWith('{'));
    for (const step of ['Dapr', 'Dapr placement and scheduler', 'PostgreSQL', 'Dapr sidecar']) {
      expect(
        printed.some((line) => new RegExp(`^✓ ${step}.*\\(\\d+\\.\\d s\\)$`).test(line)),
        step,
      ).to.equal(true);
    }
    expect(printed).to.include(`Ready at ${system().url}`);
    expect(printed.some((line) => /^curl .*\/v1\/tasks/.test(line))).to.equal(true);
  });

  it('prints a curl line that makes a task of demo when a shell runs it', async () => {
    const line = system().lines.find((each) => each.startsWith('curl ')) ?? '';
    const { stdout, status } = spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8' });
    expect({ status, task: JSON.parse(stdout) as unknown }).to.have.nested.include({
      status: 0,
      'task.title': 'Buy milk',
      'task.user_id': 'demo',
    });
    const { id } = JSON.parse(stdout) as { id: string };
    const token = await system().tokenFor('demo');
    expect((await system().request('GET', `/v1/tasks/${id}`, token)).task.title).to.equal('Buy milk');
  });

  it('runs daprd, placement, scheduler and PostgreSQL beside itself', () => {
    expect(system().childPids()).to.have.all.keys('daprd', 'placement', 'scheduler', 'postgres');
  });

  it('listens on loopback only, with all of its programs', async function () {
    if (process.platform !== 'linux') this.skip();
    const pids = [system().pid, ...system().descendants()];
    const listening = await listeningAddresses(pids);
    expect(listening.length).to.be.greaterThan(10);
    const { placement, scheduler } = system().childPids();
    // The official release of these two has a health port each that no flag binds; our own build does not.
    const isBuilt = system().lines.some((line) => line.includes('built from the Go module'));
    const beyond = listening.filter(({ address, pid }) => {
      const isKnown = !isBuilt && (pid === placement || pid === scheduler);
      return (
        !isKnown && !['0100007F', '0'.repeat(24) + '01000000', '0000000000000000FFFF00000100007F'].includes(address)
      );
    });
    expect(beyond).to.deep.equal([]);
  });

  it('a second time on the same DATA_DIR says that it is in use, by whom and where, and ends with 1', async function () {
    this.timeout(patienceMs);
    const { exit, output } = await endOf({ DATA_DIR: system().dataDir, PORT: '0' });
    expect(exit).to.deep.equal(exitCode(1));
    expect(output).to.include(`is in use by process ${system().pid}`).and.include(system().url);
    expect((await system().request('GET', '/readyz', null)).status).to.equal(200);
  });

  it('npm run token prints a token, which the running system takes', async function () {
    this.timeout(patienceMs);
    const args = ['run', '--silent', 'token', '--', '--user', 'carol', '--scopes', 'tasks:read'];
    const { stdout, status } = spawnSync('npm', args, {
      cwd: packageRoot,
      encoding: 'utf8',
      env: programEnv({ DATA_DIR: system().dataDir }),
    });
    expect(status).to.equal(0);
    expect(stdout).to.match(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const token = stdout.trim();
    expect((await system().request('GET', '/v1/me', token)).me.user_id).to.equal('carol');
    const refused = await system().request('POST', '/v1/tasks', token, { body: { title: 'a' } });
    expect(refused.refusal).to.equal('403 insufficient_scope');
  });
});

describe('a start that cannot be', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'todo-chatbot-start-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it('because of wrong settings lists every one of them, starts nothing and ends with 2', async function () {
    this.timeout(patienceMs);
    const wrong = { DATA_DIR: dataDir, PORT: 'x', DATABASE_URL: 'y', AUTH_JWKS_URL: 'z', LOG_LEVEL: 'w', ROLES: 'v' };
    const { exit, output } = await endOf(wrong, '--colour');
    expect(exit).to.deep.equal(exitCode(2));
    const list = output.split('\n').filter((line) => line.startsWith('  - '));
    for (const name of ['PORT', 'DATABASE_URL', 'AUTH_JWKS_URL', 'LOG_LEVEL', '"v" is not a role', '--colour']) {
      expect(
        list.filter((line) => line.includes(name)),
        name,
      ).to.have.length(1);
    }
    expect(await readdir(dataDir)).to.be.empty;
  });

  it('because its port is taken says which, leaves nothing behind and ends with 1', async function () {
    this.timeout(patienceMs);
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { exit, output } = await endOf({ DATA_DIR: dataDir, PORT: String(port) });
    other.close();
    expect(exit).to.deep.equal(exitCode(1));
    expect(output).to.match(new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 cannot be had`, 'm'));
    expect(processesOf(dataDir)).to.be.empty;
  });

  it('because DATA_DIR cannot be written says so and ends with 1', async function () {
    this.timeout(patienceMs);
    const { exit, output } = await endOf({ DATA_DIR: '/dev/null/data', PORT: '0' });
    expect(exit).to.deep.equal(exitCode(1));
    expect(output).to.include('/dev/null/data');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`because ${signal} comes while it starts leaves nothing behind and ends with 0`, async function () {
      this.timeout(startTimeoutMs);
      const { pid, lines, ended } = await start({ DATA_DIR: dataDir, PORT: '0' });
      await until('the first step', () => lines.some((line) => line.startsWith('✓ Dapr')), startTimeoutMs);
      process.kill(pid, signal);
      expect(await ended).to.deep.equal(exitCode(0));
      expect(processesOf(dataDir)).to.be.empty;
      expect((await readdir(dataDir)).filter((name) => name.includes('half-made'))).to.be.empty;
    });
  }
});

/** A system that tests may stop; each leaves it stopped. */
let stopped: TestSystem | undefined;
async function stoppable(): Promise<TestSystem> {
  if (stopped) await stopped.start();
  return (stopped ??= await startTestSystem());
}

describe('a stop', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`by ${signal} ends with 0, leaves no process behind, and closes live feeds with 1001`, async function () {
      this.timeout(startTimeoutMs);
      const system = await stoppable();
      const alice = await system.newUser();
      const [feed] = await Promise.all([alice.live(), alice.create({ title: 'Pay rent' })]);
      const processes = [system.pid, ...system.descendants()];
      expect(processes.length).to.be.greaterThan(5);
      expect(await system.stop(signal)).to.deep.equal(exitCode(0));
      expect(await feed.closed).to.include({ code: 1001 });
      await until('all its processes to be gone', () => processes.filter(isRunning).length === 0);
      expect(processesOf(system.dataDir)).to.be.empty;
    });
  }

  it('while commands run loses none that was acknowledged, and answers or refuses each of the others', async function () {
    this.timeout(startTimeoutMs);
    const system = await stoppable();
    const alice = await system.newUser();
    const acknowledged: string[] = [];
    let stopping: Promise<Exit> | undefined;
    const worker = async (name: number): Promise<void> => {
      for (let count = 0; ; count += 1) {
        const title = `${name}.${count}`;
        let reply: Reply;
        try {
          reply = await alice.post('/v1/tasks', { title });
        } catch {
          return; // The door is closed.
        }
        if (reply.status !== 201) {
          expect(reply.refusal).to.equal('503 unavailable');
          return;
        }
        acknowledged.push(title);
        if (acknowledged.length > 50) stopping ??= system.stop();
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, name) => worker(name)));
    expect(await stopping).to.deep.equal(exitCode(0));

    await system.start();
    const changes = await alice.changes();
    const titles = changes.map((change) => change.task?.title);
    expect(titles).to.include.members(acknowledged);
    expect(new Set(titles)).to.have.property('size', titles.length);
    expect(changes.map((change) => change.seq)).to.deep.equal(changes.map((_, index) => index + 1));
    await system.stop();
  });
});

describe('a restart on the same DATA_DIR', () => {
  it('keeps tasks, settings, changes, the log, tokens, cursors and the answers to named commands', async function () {
    this.timeout(startTimeoutMs);
    const system = await stoppable();
    const alice = await system.newUser();
    await alice.patch('/v1/me', { time_zone: 'Asia/Tokyo' });
    const named = () => alice.post('/v1/tasks', { title: 'Once' }, { 'idempotency-key': 'k' });
    const first = await named();
    const [second] = await alice.createAll(
      { title: 'Second', recurrence: 'daily', due_date: '2026-11-30' },
      { title: 'Third' },
    );
    await alice.post(`/v1/tasks/${second?.id ?? ''}/complete`);
    const { next_cursor } = (await alice.get('/v1/tasks?limit=1')).page;
    const paths = ['/v1/me', '/v1/tasks', '/v1/changes', `/v1/tasks?limit=2&cursor=${next_cursor ?? ''}`, '/v1/audit'];
    // Four commands, and the next of the daily ones with what is said of it.
    await until('the log', async () => (await alice.get('/v1/audit')).log.entries.length === 6);
    const before = await Promise.all(paths.map(async (path) => (await alice.get(path)).json));

    expect(await system.stop()).to.deep.equal(exitCode(0));
    await system.start();
    expect(await Promise.all(paths.map(async (path) => (await alice.get(path)).json))).to.deep.equal(before);
    const again = await named();
    expect([again.status, again.text, again.header('location')]).to.deep.equal([
      first.status,
      first.text,
      first.header('location'),
    ]);
    const feed = await alice.live(2);
    expect((await alice.patch(`/v1/tasks/${first.task.id}`, { title: 'Goes on' })).task.version).to.equal(2);
    await feed.seq(7);
    expect(feed.seqs).to.deep.equal([3, 4, 5, 6, 7]);
    await system.stop();
  });
});

interface Listener {
  readonly pid: number;
  /** As the kernel writes it. */
  readonly address: string;
}

/** Where processes listen for TCP, by Linux's /proc (proc(5)). */
async function listeningAddresses(pids: readonly number[]): Promise<Listener[]> {
  const owners = new Map<string, number>();
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')) ?? [];
      if (inode !== undefined) owners.set(inode, pid);
    }
  }
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')));
  return tables
    .join('')
    .split('\n')
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const pid = owners.get(inode);
      return state === '0A' && pid !== undefined ? [{ pid, address: local.split(':')[0] ?? '' }] : [];
    });
}

/** Processes that have a folder in their command line. */
function processesOf(folder: string): string[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(folder));
}
