import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { pino } from 'pino';
import { TodoError } from '../../domain/errors.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { openAuditAccess, type AuditAccess } from '../../subscribers/audit/access.js';
import { AuditLog } from '../../subscribers/audit/audit-log.js';
import { readEntries, type ShownEntry } from '../../subscribers/audit/sql/read-entries.js';
import { brokenAt, canonical } from '../support/audit-chain.js';
import { eventAt, eventsOf, factAt } from '../support/events.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

describe('the audit log', () => {
  let database: TestDatabase;
  let access: AuditAccess;
  let users = 0;
  let user: string;
  /** What the actors would answer. */
  let committed: CommittedEvent[];
  let asked: [after: number, limit: number][];

  before(async () => {
    database = await testDatabase();
    access = await openAuditAccess(database.pool, pino({ level: 'silent' }));
  });
  after(async () => {
    await access.close();
    await database.drop();
  });
  beforeEach(() => {
    user = `user ${(users += 1)}`;
    [committed, asked] = [[], []];
  });

  const open = () =>
    new AuditLog(access, (userId, after, limit) => {
      asked.push([after, limit]);
      return Promise.resolve(
        committed.filter((event) => event.user_id === userId && event.seq > after).slice(0, limit),
      );
    });
  const entries = (since = 0, limit = 1000): Promise<ShownEntry[]> =>
    access.read(user, (on) => readEntries(on, user, null, since, limit));
  const seqs = async () => (await entries()).map((entry) => entry.seq);
  const events = (first: number, last: number) => eventsOf(user, first, last);

  it('holds each event with the task before and after it, as it happened', async () => {
    const given = events(1, 2);
    await open().append(given);
    const [first, second] = await entries();
    const { user_id: _user, ...shown } = given[1]!;
    expect(second).to.deep.include(shown);
    expect(first?.before).to.equal(null);
  });

  it('holds each fact with what it says, sealed and hashed like the rest', async () => {
    const fact = factAt(user, 3, 2);
    await open().append([...events(1, 2), fact]);
    const { user_id: _user, ...shown } = fact;
    expect((await entries())[2]).to.deep.include(shown);
    expect((await entries())[1]).not.to.have.property('detail');
    expect(brokenAt(user, await entries())).to.equal(null);
    const { rows } = await database.pool.query<{ row: string }>(
      `SELECT to_jsonb(a)::text AS row FROM audit_entries a WHERE user_id = $1 AND seq = 3`,
      [user],
    );
    expect(rows.length === 1 && rows[0]?.row.includes('reminder_id')).to.equal(false);
  });

  it('holds each event once and in order, whatever comes twice, late or in another order', async function () {
    this.timeout(60_000);
    const batch = fc.shuffledSubarray(Array.from({ length: 12 }, (_, index) => index + 1));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 6 }), async (batches) => {
        user = `property ${users} ${(run += 1)}`;
        committed = events(1, 12);
        const log = open();
        for (const delivered of batches) await log.append(delivered.map((seq) => eventAt(user, seq)));
        const logged = await seqs();
        expect(logged).to.deep.equal(logged.map((_, index) => index + 1));
        expect(logged.length).to.be.at.least(Math.max(0, ...batches.flat()));
        expect(brokenAt(user, await entries())).to.equal(null);
      }),
      { numRuns: 25 },
    );
  });

  it('asks for what is missing, and for nothing when nothing is', async () => {
    committed = events(1, 9);
    const log = open();
    await log.append(events(1, 3));
    expect(asked).to.be.empty;
    await log.append(events(7, 8));
    expect(await seqs()).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(asked).to.deep.equal([[3, 200]]);
  });

  it('refuses for good what is ahead of all that is committed, and takes the others', async () => {
    committed = events(1, 2);
    const log = open();
    const refusal = await log.append([...events(1, 1), eventAt(user, 1_000_000)]).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(TodoError).with.property('code', 'conflict');
    committed = events(1, 3);
    await log.append(events(3, 3));
    expect(await seqs()).to.deep.equal([1, 2, 3]);
  });

  it('takes a gap of any length, a page at a time', async () => {
    committed = events(1, 450);
    await open().append([eventAt(user, 450)]);
    expect(await seqs()).to.have.length(450);
    expect(asked.map(([after]) => after)).to.deep.equal([0, 200, 400]);
    expect(brokenAt(user, await entries())).to.equal(null);
  });

  it('writes nothing behind a gap that cannot be filled, and goes on when it can', async () => {
    const log = open();
    await log.append(events(1, 1));
    const failed = await log.append(events(3, 3)).then(
      () => false,
      () => true,
    );
    expect({ failed, seqs: await seqs() }).to.deep.equal({ failed: true, seqs: [1] });
    committed = events(1, 3);
    await log.append(events(3, 3));
    expect(await seqs()).to.deep.equal([1, 2, 3]);
  });

  it('takes what others wrote meanwhile into account, at the latest when the events come again', async () => {
    const [one, other] = [open(), open()];
    await one.append(events(1, 2));
    await other.append(events(3, 4));
    await one.append(events(3, 5)).catch(() => one.append(events(3, 5)));
    await other.append(events(5, 6)).catch(() => other.append(events(5, 6)));
    expect(await seqs()).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(brokenAt(user, await entries())).to.equal(null);
  });

  it('takes batches in the order in which they came, one at a time, with users mixed', async () => {
    const log = open();
    const mine = user;
    const other = `${mine}, another`;
    await Promise.all([
      log.append([...eventsOf(mine, 1, 2), ...eventsOf(other, 1, 1)]),
      log.append([...eventsOf(other, 2, 3), ...eventsOf(mine, 3, 3)]),
      log.append(eventsOf(mine, 4, 4)),
    ]);
    for (user of [mine, other]) {
      expect(await seqs()).to.have.length(user === mine ? 4 : 3);
      expect(brokenAt(user, await entries())).to.equal(null);
    }
    expect(asked).to.be.empty;
  });

  it('catches up with what nobody delivered', async () => {
    committed = events(1, 3);
    const log = open();
    await log.catchUp([{ user_id: user, seq: 3 }]);
    await log.catchUp([{ user_id: user, seq: 3 }]);
    expect(await seqs()).to.deep.equal([1, 2, 3]);
    expect(asked).to.have.length(1);
  });

  it('is read after a place, as many at a time as asked for, of one task or of all', async () => {
    const other = { ...eventAt(user, 2), task_id: '00000000-0000-4000-8000-000000000002' };
    await open().append([eventAt(user, 1), other, eventAt(user, 3)]);
    expect((await entries(1, 1)).map((entry) => entry.seq)).to.deep.equal([2]);
    const ofTask = await access.read(user, (on) => readEntries(on, user, other.task_id, 0, 10));
    expect(ofTask.map((entry) => entry.seq)).to.deep.equal([2]);
  });

  describe('is immutable:', () => {
    it('the database refuses to change, delete or truncate entries', async () => {
      await open().append(events(1, 2));
      for (const sql of [
        `UPDATE audit_entries SET type = 'TASK_DELETED' WHERE user_id = $1`,
        `DELETE FROM audit_entries WHERE user_id = $1`,
        `TRUNCATE audit_entries`,
      ]) {
        const refused: unknown = await database.pool
          .query(sql, sql.includes('$1') ? [user] : [])
          .catch((e: unknown) => e);
        expect(refused).to.be.an('error').with.property('message', 'audit_entries is append-only');
      }
      expect(await seqs()).to.deep.equal([1, 2]);
    });

    it('each hash is SHA-256 over the one before and the canonical JSON of the event, its content sealed', async () => {
      await open().append(events(1, 2));
      const [first, second] = await entries();
      expect(first?.previous_hash).to.equal('0'.repeat(64));
      expect(second?.previous_hash).to.equal(first?.hash);
      const { before: _before, after: _after, ...facts } = eventAt(user, 1);
      const { rows } = await database.pool.query<{ sealed: Buffer }>(
        'SELECT sealed FROM audit_entries WHERE user_id = $1 AND seq = 1',
        [user],
      );
      const content_hash = createHash('sha256').update(rows[0]!.sealed).digest('hex');
      expect(first?.content_hash).to.equal(content_hash);
      const hash = createHash('sha256')
        .update(Buffer.alloc(32))
        .update(canonical({ ...facts, content_hash }));
      expect(first?.hash).to.equal(hash.digest('hex'));
    });

    it('whatever is changed behind its back breaks the chain at that place', async () => {
      await open().append(events(1, 5));
      const whole = await entries();
      expect(brokenAt(user, whole)).to.equal(null);
      const client = await database.pool.connect();
      try {
        await client.query('BEGIN');
        await client.query(`SET LOCAL session_replication_role = replica`);
        await client.query(
          `UPDATE audit_entries SET occurred_at = occurred_at - interval '1 day' WHERE user_id = $1 AND seq = 3`,
          [user],
        );
        await client.query('COMMIT');
      } finally {
        client.release();
      }
      expect(brokenAt(user, await entries())).to.equal(3);
      const without = whole.filter((entry) => entry.seq !== 4);
      expect(brokenAt(user, without)).to.equal(5);
    });
  });
});
