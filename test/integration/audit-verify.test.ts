import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ownKeyFile } from '../../runtime/auth/own-key.js';
import { packageRoot } from '../../runtime/package-root.js';
import { signCheckpoint, type Checkpoint } from '../../subscribers/audit/checkpoints/checkpoint.js';
import { chain, firstHash } from '../../subscribers/audit/entry.js';
import { testAuditLog, type TestAuditLog } from '../support/audit-log.js';
import { eventAt, eventsOf } from '../support/events.js';

describe('a forgery in the audit log', () => {
  let log: TestAuditLog;
  beforeEach(async function () {
    this.timeout(20_000);
    log = await testAuditLog();
    await log.write([...eventsOf('alice', 1, 4), ...eventsOf('bob', 1, 2)]);
    await log.sign();
    await log.write(eventsOf('alice', 5, 6));
    await log.sign();
    expect(await log.verify()).to.deep.equal([]);
  });
  afterEach(() => log.remove());

  /** Replaces a user's chain from a place on by one whose hashes are right. */
  const rebuild = async (userId: string, from: number, last: number, title: string): Promise<void> => {
    const { rows } = await log.database.pool.query<{ key: Buffer }>('SELECT key FROM audit_keys WHERE user_id = $1', [
      userId,
    ]);
    const before = (await log.entries(userId)).find((entry) => entry.seq === from - 1);
    const previous = before ? Buffer.from(before.hash, 'hex') : firstHash;
    const events = Array.from({ length: last - from + 1 }, (_, index) => eventAt(userId, from + index, { title }));
    for (const { event, sealed, previousHash, hash } of chain(events, previous, rows[0]!.key)) {
      await log.behindItsBack([
        'UPDATE audit_entries SET sealed = $3, previous_hash = $4, hash = $5 WHERE user_id = $1 AND seq = $2',
        [userId, event.seq, sealed, previousHash, hash],
      ]);
    }
  };

  for (const [what, column] of [
    ['a byte of its content', 'sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)'],
    ['a byte of its hash', 'hash = set_byte(hash, 0, get_byte(hash, 0) # 1)'],
    ['its time', `occurred_at = occurred_at + interval '1 ms'`],
    ['who did it', `actor = 'mcp'`],
    ['whose it is', `task_id = gen_random_uuid()`],
  ] as const) {
    it(`is found when ${what} is changed, and the entry is named`, async () => {
      await log.behindItsBack([`UPDATE audit_entries SET ${column} WHERE user_id = 'alice' AND seq = 3`]);
      expect(await log.verify()).to.deep.equal(['alice 3: its hash is not that of its content']);
      expect(await log.verify('bob')).to.deep.equal([]);
    });
  }

  it('is found when an entry is deleted', async () => {
    await log.behindItsBack([`DELETE FROM audit_entries WHERE user_id = 'alice' AND seq = 2`]);
    expect(await log.verify()).to.deep.equal(['alice 2: it is missing; the next one there is 3']);
  });

  it('is found when the last entries are cut off, with their events and the count too', async () => {
    await log.behindItsBack([`DELETE FROM audit_entries WHERE user_id = 'alice' AND seq > 4`]);
    const missing = 'alice 5: it is missing; checkpoint 2 was signed over it';
    expect((await log.verify())[0]).to.equal(missing);
    await log.behindItsBack(
      [`DELETE FROM events WHERE user_id = 'alice' AND seq > 4`],
      [`UPDATE users SET seq = 4 WHERE user_id = 'alice'`],
    );
    expect(await log.verify()).to.deep.equal([missing]);
  });

  it('is found when a whole user is taken out', async () => {
    for (const table of ['audit_entries', 'audit_keys', 'events', 'users', 'relay_positions']) {
      await log.behindItsBack([`DELETE FROM ${table} WHERE user_id = 'bob'`]);
    }
    expect(await log.verify()).to.deep.equal(['bob 1: it is missing; checkpoint 1 was signed over it']);
  });

  it('is found when what no checkpoint covers yet is cut off', async () => {
    await log.write(eventsOf('bob', 3, 4));
    await log.behindItsBack([`DELETE FROM audit_entries WHERE user_id = 'bob' AND seq > 2`]);
    expect(await log.verify()).to.deep.equal([`bob 3: it is missing; the log ends at 2, the user's events at 4`]);
  });

  it('is found when a chain is rebuilt from scratch with hashes that are right', async () => {
    await rebuild('alice', 1, 6, 'Forged');
    expect(await log.verify()).to.deep.equal(['alice 4: it is not the entry that checkpoint 1 was signed over']);
  });

  it('is found when the end of a chain is rebuilt, and when more is added than happened', async () => {
    await rebuild('alice', 5, 6, 'Forged');
    expect(await log.verify()).to.deep.equal(['alice 6: it is not the entry that checkpoint 2 was signed over']);
    const [event] = eventsOf('bob', 3, 3);
    await log.write([event!]);
    await log.behindItsBack(
      [`DELETE FROM events WHERE user_id = 'bob' AND seq = 3`],
      [`UPDATE users SET seq = 2 WHERE user_id = 'bob'`],
    );
    expect(await log.verify('bob')).to.deep.equal([
      `bob 3: it should not be there; the user's events end at 2, the log at 3`,
    ]);
  });

  it('is found when the checkpoints go with the entries: the first, one in between, the last, all', async () => {
    await log.write(eventsOf('bob', 3, 3));
    await log.sign();
    for (const [where, found] of [
      ['number = 3', 'checkpoint 3: it is missing; there were 3'],
      ['number = 2', 'checkpoint 2: it is missing; the next one there is 3'],
      ['number = 1', 'checkpoint 1: it is missing; the next one there is 2'],
      ['true', 'checkpoint 1: it is missing; there were 3'],
    ]) {
      await log.behindItsBack(
        ['CREATE TABLE kept AS SELECT * FROM audit_checkpoints'],
        [`DELETE FROM audit_checkpoints WHERE ${where}`],
      );
      expect(await log.verify(), where).to.deep.equal([` : ${found}`]);
      await log.behindItsBack(
        ['INSERT INTO audit_checkpoints SELECT * FROM kept ON CONFLICT DO NOTHING'],
        ['DROP TABLE kept'],
      );
    }
  });

  it('is found when a checkpoint is signed by whoever forged it', async () => {
    await rebuild('alice', 1, 6, 'Forged');
    const { rows } = await log.database.pool.query<{ body: string }>(
      'SELECT body FROM audit_checkpoints WHERE number = 1',
    );
    const forged = { ...(JSON.parse(rows[0]!.body) as Checkpoint), heads: [] };
    const { body, signature } = signCheckpoint(forged, generateKeyPairSync('ed25519').privateKey);
    await log.behindItsBack([
      'UPDATE audit_checkpoints SET body = $1, signature = $2 WHERE number = 1',
      [body, signature],
    ]);
    expect(await log.verify()).to.deep.equal([' : checkpoint 1: it was not signed by this key']);
  });

  it('is found when a key is destroyed, or a user marked as forgotten, without a word', async () => {
    await log.behindItsBack([`DELETE FROM audit_keys WHERE user_id = 'alice'`]);
    expect(await log.verify()).to.deep.equal([
      'alice 6: its content cannot be opened: the key is gone, and nobody forgot the user',
    ]);
    await log.behindItsBack([`INSERT INTO audit_forgotten VALUES ('alice', 6, now())`]);
    expect(await log.verify()).to.deep.equal(['alice 6: it is marked as forgotten, and no checkpoint says so']);
  });
});

describe('npm run audit:verify', function () {
  this.timeout(30_000);
  let log: TestAuditLog;
  before(async () => {
    log = await testAuditLog();
    await log.write([...eventsOf('alice', 1, 1500), ...eventsOf('bob', 1, 2)]);
    await log.sign();
  });
  after(() => log.remove());

  async function run(args: readonly string[] = [], env: Record<string, string> = {}) {
    const script = join(packageRoot, 'dist/subscribers/audit/verify-cli.js');
    const child = spawn(process.execPath, [script, ...args], {
      env: { DATA_DIR: log.dataDir, DATABASE_URL: log.database.url, ...env },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const status = await new Promise((resolve) => child.once('close', resolve));
    return { stdout, stderr, status };
  }

  it('says that the log is whole, and how much it looked at, with exit code 0', async () => {
    expect(await run()).to.deep.equal({
      stdout: 'whole: 1502 entries of 2 users, 1 checkpoints\n',
      stderr: '',
      status: 0,
    });
    expect((await run(['--user', 'bob'])).stdout).to.match(/^whole: 2 entries of 1 users/);
    expect((await run(['--user', 'nobody'])).stdout).to.match(/^whole: 0 entries of 0 users/);
  });

  it('names the first broken entry of each user on stdout, with exit code 1', async () => {
    const flip = `UPDATE audit_entries SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)
      WHERE (user_id, seq) IN (('alice', 1203), ('alice', 1300), ('bob', 2))`;
    await log.behindItsBack([flip]);
    try {
      expect(await run()).to.deep.equal({
        stdout:
          'broken: user alice, entry 1203: its hash is not that of its content\n' +
          'broken: user bob, entry 2: its hash is not that of its content\n',
        stderr: '',
        status: 1,
      });
      expect((await run(['--user', 'bob'])).stdout).to.equal(
        'broken: user bob, entry 2: its hash is not that of its content\n',
      );
    } finally {
      await log.behindItsBack([flip]);
    }
  });

  it('cannot call it whole without the key of the checkpoints', async () => {
    const file = ownKeyFile(log.dataDir, 'audit');
    await rename(file, `${file}.away`);
    const { stdout, status } = await run();
    await rename(`${file}.away`, file);
    expect({ stdout, status }).to.deep.equal({
      stdout: 'broken: checkpoint 1: there is no key to check it by\n',
      status: 1,
    });
  });

  const wrong: [string, string[], Record<string, string>, RegExp][] = [
    ['an unknown option', ['--all'], {}, /--all/],
    ['a wrong setting', [], { PORT: 'x' }, /PORT/],
    ['no database', [], { DATABASE_URL: '' }, /there is no database in DATA_DIR/],
    ['a database that does not answer', [], { DATABASE_URL: 'postgresql://a@127.0.0.1:1/a' }, /no server answers/],
  ];
  for (const [what, args, env, message] of wrong) {
    it(`with ${what} says so on stderr and ends with exit code 2: that is neither whole nor broken`, async () => {
      const { stdout, stderr, status } = await run(args, env);
      expect({ stdout, status }).to.deep.equal({ stdout: '', status: 2 });
      expect(stderr).to.match(message);
    });
  }
});
