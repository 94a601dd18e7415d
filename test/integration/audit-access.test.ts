import { expect } from 'chai';
import pg from 'pg';
import { pino } from 'pino';
import { migrate } from '../../runtime/postgres/migrate.js';
import { createPool, type Queryable } from '../../runtime/postgres/pool.js';
import { asKeeper, openAuditAccess, type AuditAccess } from '../../subscribers/audit/access.js';
import { AuditLog } from '../../subscribers/audit/audit-log.js';
import { readEntries } from '../../subscribers/audit/sql/read-entries.js';
import { eventsOf } from '../support/events.js';
import { emptyTestDatabase, type TestDatabase } from '../support/postgres.js';

const silent = pino({ level: 'silent' });
const columns = 'user_id, seq, event_id, task_id, version, type, actor, occurred_at, previous_hash, hash';
let logins = 0;

/** What a login may do, and whether the log can have roles of its own with it. */
const kinds = [
  ['a superuser', 'SUPERUSER', true],
  ['the owner of the database, who may make roles', 'CREATEROLE', true],
  ['an ordinary owner of the database', 'NOCREATEROLE', false],
] as const;

for (const [who, right, hasRoles] of kinds) {
  describe(`the rights to the audit log, where the program logs in as ${who}`, function () {
    this.timeout(20_000);
    let database: TestDatabase;
    let login: string;
    let pool: pg.Pool;
    let access: AuditAccess;
    let warnings: string[];

    before(async () => {
      database = await emptyTestDatabase();
      login = `login_${process.pid}_${(logins += 1)}`;
      const name = new URL(database.url).pathname.slice(1);
      // A cluster of somebody else's may have the roles already, or not.
      await database.pool.query(`
        CREATE ROLE ${login} LOGIN ${right} PASSWORD 'secret';
        ALTER DATABASE ${name} OWNER TO ${login};
        CREATE EXTENSION btree_gin`);
      if (right === 'CREATEROLE') await database.pool.query(adminOfRoles(login));
      const url = Object.assign(new URL(database.url), { username: login, password: 'secret' }).href;
      await migrate(url, silent);
      pool = createPool(url, { max: 4, applicationName: 'audit access', log: silent });
      warnings = [];
      access = await openAuditAccess(
        pool,
        pino({ level: 'warn' }, { write: (line) => warnings.push((JSON.parse(line) as { msg: string }).msg) }),
      );
      const log = new AuditLog(access, () => Promise.resolve([]));
      await log.append([...eventsOf('alice', 1, 3), ...eventsOf('bob', 1, 2)]);
    });
    after(async () => {
      await access.close();
      await pool.end();
      await database.drop();
    });

    const refusal = async (work: Promise<unknown>): Promise<string> => {
      const error: unknown = await work.then(
        () => new Error('it succeeded'),
        (refused: unknown) => refused,
      );
      return error instanceof Error ? error.message : String(error);
    };

    it(hasRoles ? 'it starts without a word' : 'it starts, and says what an administrator can do', () => {
      if (hasRoles) expect(warnings).to.deep.equal([]);
      else expect(warnings.join()).to.match(/without database roles .*CREATE ROLE todo_audit_writer NOLOGIN/);
    });

    it('the writer appends, sees where each chain ends, and may change, delete or truncate nothing', async () => {
      expect((await access.writer.query('SELECT FROM audit_entries')).rowCount).to.equal(5);
      for (const sql of [
        `UPDATE audit_entries SET actor = 'mcp'`,
        'DELETE FROM audit_entries',
        'TRUNCATE audit_entries',
        `UPDATE audit_checkpoints SET body = ''`,
        'DELETE FROM audit_checkpoints',
        `UPDATE audit_keys SET key = key`,
        'DELETE FROM audit_forgotten',
      ]) {
        const refused = await refusal(access.writer.query(sql));
        expect(refused, sql).to.match(/^permission denied for table/);
      }
    });

    it('a reader sees the rows of one user, whatever it asks for, and writes nothing', async () => {
      const read = (userId: string, sql: string) =>
        access.read(userId, async (on) => (await on.query<{ user_id: string }>(sql)).rows.map((row) => row.user_id));
      expect(await read('bob', 'SELECT user_id FROM audit_entries')).to.deep.equal(['bob', 'bob']);
      expect(await read('bob', `SELECT user_id FROM audit_entries WHERE user_id = 'alice'`)).to.deep.equal([]);
      expect(await read('bob', `SELECT user_id FROM audit_entries WHERE true OR user_id = 'bob'`)).to.have.length(2);
      expect(await read('bob', 'SELECT user_id FROM audit_keys')).to.deep.equal(['bob']);
      expect(await read('', 'SELECT user_id FROM audit_entries')).to.deep.equal([]);
      const copy = `INSERT INTO audit_entries (${columns}) SELECT ${columns} FROM audit_entries`;
      expect(await refusal(read('bob', copy))).to.match(/permission denied|read-only transaction/);
    });

    it("a user's own statement finds nothing of another user's task, and nothing of a task that never was", async () => {
      const [event] = eventsOf('alice', 1, 1);
      const of = (userId: string, taskId: string) =>
        access.read(userId, (on: Queryable) => readEntries(on, 'alice', taskId, 0, 10));
      expect(await of('alice', event!.task_id)).to.have.length(3);
      // The statement asks for alice's rows here, as if the gateway had let bob through.
      expect(await of('bob', event!.task_id)).to.deep.equal([]);
      expect(await of('bob', '00000000-0000-4000-8000-000000000000')).to.deep.equal([]);
    });

    it('nobody who says nothing sees anything, and who is no owner cannot say that all rows are meant', async () => {
      const count = `SELECT count(*)::int AS n FROM audit_entries`;
      const { rows } = await asKeeper(pool, '', (on) => on.query<{ n: number }>(count));
      expect(rows[0]?.n, 'the owner who says so').to.equal(5);
      const asReader = await access.read('bob', async (on) => {
        await on.query(`SELECT set_config('todo.audit', 'keeper', true)`);
        return (await on.query<{ n: number }>(count)).rows[0]?.n;
      });
      if (hasRoles) expect(asReader, 'the reader who says so').to.equal(2);
      if (right !== 'SUPERUSER') {
        expect((await pool.query<{ n: number }>(count)).rows[0]?.n, 'the owner who does not').to.equal(0);
      }
    });

    it('not even the owner may change, delete or truncate entries', async () => {
      for (const sql of [
        `UPDATE audit_entries SET actor = 'mcp'`,
        'DELETE FROM audit_entries',
        'TRUNCATE audit_entries',
      ]) {
        const refused = await refusal(asKeeper(pool, '', (on) => on.query(sql)));
        expect(refused, sql).to.match(right === 'SUPERUSER' ? /is append-only$/ : /^permission denied for table/);
      }
      const blank = 'UPDATE audit_entries SET before = NULL, after = NULL';
      expect(await refusal(asKeeper(pool, '', (on) => on.query(blank)))).to.equal('audit_entries is append-only');
    });
  });
}

describe('the roles of the audit log', function () {
  this.timeout(30_000);

  it('are made once by several programs that start at the same time on databases of one cluster', async () => {
    const databases = await Promise.all([1, 2, 3, 4].map(() => emptyTestDatabase()));
    try {
      await Promise.all(databases.map(({ url }) => migrate(url, silent)));
      const lines: string[] = [];
      const log = pino({ level: 'warn' }, { write: (line) => lines.push(line) });
      const all = await Promise.all(databases.flatMap(({ pool }) => [1, 2, 3].map(() => openAuditAccess(pool, log))));
      expect(lines).to.deep.equal([]);
      for (const { writer, close } of all) {
        expect((await writer.query('SELECT current_user')).rows).to.deep.equal([{ current_user: 'todo_audit_writer' }]);
        await close();
      }
    } finally {
      for (const database of databases) await database.drop();
    }
  });
});

/** Lets a login hand the roles to itself, where an earlier one has made them. */
function adminOfRoles(login: string): string {
  return `DO $$ BEGIN
    IF to_regrole('todo_audit_writer') IS NOT NULL THEN
      GRANT todo_audit_writer, todo_audit_reader TO ${login} WITH ADMIN OPTION;
    END IF;
  END $$`;
}
