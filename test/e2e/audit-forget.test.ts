import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { packageRoot } from '../../runtime/package-root.js';
import { brokenAt } from '../support/audit-chain.js';
import type { AuditEntry } from '../support/http.js';
import { programEnv, startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';
import { databaseUrlOf } from '../support/trial.js';
import { until } from '../support/until.js';

describe('npm run forget and npm run audit:verify, beside the running program and without it', function () {
  this.timeout(90_000);
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await startTestSystem();
  });
  after(() => system.remove());

  async function run(command: 'verify' | 'forget', ...args: string[]) {
    const script = join(packageRoot, `dist/subscribers/audit/${command}-cli.js`);
    const child = spawn(process.execPath, [script, ...args], { env: programEnv({ DATA_DIR: system.dataDir }) });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const status = await new Promise((resolve) => child.once('close', resolve));
    return { stdout, stderr, status };
  }
  const logOf = async (user: TestUser, length: number): Promise<AuditEntry[]> => {
    let found: AuditEntry[] = [];
    await until(`${length} entries in the log`, async () => {
      found = (await user.get('/v1/audit?limit=1000')).log.entries;
      return found.length >= length;
    });
    return found;
  };

  it('forget a user: the log shows that something happened, and no task comes back', async () => {
    const [alice, bob] = [await system.newUser(), await system.newUser()];
    const secret = await alice.create({ title: 'Secret' });
    await alice.patch(`/v1/tasks/${secret.id}`, { priority: 'high' });
    const kept = await bob.create({ title: 'Kept' });
    const before = await logOf(alice, 2);
    expect(await run('verify')).to.deep.include({ stderr: '', status: 0 });

    const { stdout, stderr, status } = await run('forget', '--user', alice.id);
    expect({ stderr, status }).to.deep.equal({ stderr: '', status: 0 });
    expect(stdout).to.match(/is forgotten: 1 tasks, 2 events/);

    const after = await logOf(alice, 2);
    expect(after).to.deep.equal(before.map((entry) => ({ ...entry, before: null, after: null })));
    expect(brokenAt(alice.id, after)).to.equal(null);
    // The actor is warm: it has the task in memory.
    const change = await alice.patch(`/v1/tasks/${secret.id}`, { title: 'Again' });
    expect(change.refusal).to.equal('404 not_found');
    expect(await alice.titles()).to.deep.equal([]);
    expect((await alice.changes()).map(({ task }) => task)).to.deep.equal([null]);
    expect((await bob.get(`/v1/tasks/${kept.id}`)).task).to.deep.equal(kept);

    const anew = await alice.create({ title: 'Anew' });
    const all = await logOf(alice, 3);
    expect(all.map(({ seq, after: task }) => [seq, task?.title])).to.deep.equal([
      [1, undefined],
      [2, undefined],
      [3, anew.title],
    ]);
    expect(brokenAt(alice.id, all)).to.equal(null);
    expect(await run('verify')).to.deep.include({ stderr: '', status: 0 });
  });

  it('find what is cut off, while the program runs and after it has ended', async () => {
    const carol = await system.newUser();
    await carol.createAll({ title: 'a' }, { title: 'b' }, { title: 'c' });
    await logOf(carol, 3);
    const database = new pg.Client({ connectionString: await databaseUrlOf(system) });
    await database.connect();
    await database.query(
      `BEGIN; SET LOCAL session_replication_role = replica;
       DELETE FROM audit_entries WHERE user_id = '${carol.id}' AND seq > 1; COMMIT`,
    );
    await database.end();
    const broken = new RegExp(`^broken: user ${carol.id}, entry 2: it is missing`);
    const beside = await run('verify', '--user', carol.id);
    expect(beside.stdout).to.match(broken);
    expect(beside.status).to.equal(1);

    await system.stop();
    const alone = await run('verify');
    expect(alone.stdout).to.match(broken);
    expect(alone.status).to.equal(1);
    await system.start();
  });

  it('say so of somebody unknown, and of a missing name', async () => {
    expect(await run('forget', '--user', 'nobody')).to.deep.equal({
      stdout: 'nothing is known of nobody\n',
      stderr: '',
      status: 0,
    });
    const { stderr, status } = await run('forget');
    expect({ status, isTold: stderr.includes('--user is missing') }).to.deep.equal({ status: 2, isTold: true });
  });
});
