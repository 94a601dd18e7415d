import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { openOwnKey, type OwnKey } from '../../runtime/auth/own-key.js';
import type { Checkpoint } from '../../subscribers/audit/checkpoints/checkpoint.js';
import { Checkpoints } from '../../subscribers/audit/checkpoints/checkpoints.js';
import { testAuditLog, type TestAuditLog } from '../support/audit-log.js';
import { eventsOf } from '../support/events.js';
import { until } from '../support/until.js';

describe('the checkpoints of the audit log', function () {
  this.timeout(20_000);
  let log: TestAuditLog;
  beforeEach(async () => {
    log = await testAuditLog();
  });
  afterEach(() => log.remove());

  /** What a process of its own would sign. */
  const open = (key: OwnKey = log.key, warned: (message: string) => void = () => undefined) =>
    new Checkpoints({
      access: log.access,
      key,
      log: pino({ level: 'warn' }, { write: warned }),
      signed: () => Promise.resolve(),
    });
  const signed = async (): Promise<Checkpoint[]> => {
    const { rows } = await log.database.pool.query<{ body: string }>(
      'SELECT body FROM audit_checkpoints ORDER BY number',
    );
    return rows.map(({ body }) => JSON.parse(body) as Checkpoint);
  };
  const heads = async () =>
    (await signed()).map((checkpoint) => checkpoint.heads.map(([user, seq]) => `${user} ${seq}`));

  it('cover each user who has something new, once, by themselves', async () => {
    await log.write([...eventsOf('alice', 1, 3), ...eventsOf('bob', 1, 1)]);
    await until('a checkpoint', async () => (await signed()).length > 0);
    await log.write(eventsOf('bob', 2, 2));
    await until('another', async () => (await signed()).length > 1);
    expect(await heads()).to.deep.equal([['alice 3', 'bob 1'], ['bob 2']]);
    const [entry] = (await log.entries('alice')).slice(-1);
    expect((await signed())[0]?.heads[0]?.[2]).to.equal(entry?.hash);
  });

  it('cover what a process that died had written and not signed, and nothing else again', async () => {
    await log.write(eventsOf('alice', 1, 2));
    await log.sign();
    await log.write(eventsOf('bob', 1, 2));
    // Alice's entries are from a time that the checkpoint is sure to cover.
    await log.behindItsBack([`UPDATE audit_entries SET logged_at = now() - interval '1 hour' WHERE user_id = 'alice'`]);
    const next = open();
    await next.noteLeftovers(['alice', 'bob', 'nobody']);
    await next.stop();
    expect(await heads()).to.deep.equal([['alice 2'], ['bob 2']]);
  });

  it('of several processes are numbered one after the other', async () => {
    await log.write([...eventsOf('alice', 1, 2), ...eventsOf('bob', 1, 2)]);
    const processes = await Promise.all(
      ['alice', 'bob', 'alice', 'bob'].map(async (user) => {
        const checkpoints = open();
        await checkpoints.noteLeftovers([user]);
        return checkpoints;
      }),
    );
    await Promise.all(processes.map((checkpoints) => checkpoints.stop()));
    expect((await signed()).map(({ number }) => number)).to.deep.equal([1, 2, 3, 4]);
    expect(await log.verify()).to.deep.equal([]);
  });

  it('are not signed by a process with another key than the last one, which says what to do', async () => {
    await log.write(eventsOf('alice', 1, 1));
    await log.sign();
    const dataDir = await mkdtemp(join(tmpdir(), 'other-key-'));
    const warnings: string[] = [];
    const other = open(await openOwnKey(dataDir, 'audit'), (line) => warnings.push(line));
    await log.write(eventsOf('alice', 2, 2));
    await other.noteLeftovers(['alice']);
    await other.stop();
    await rm(dataDir, { recursive: true });
    expect(warnings.join()).to.match(/signed by another key .*Put the key that signed it there/);
    expect(await signed()).to.have.length(1);
    expect(await log.verify()).to.deep.equal([]);
  });
});
