import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { CommittedEvent } from '../../domain/events/event.js';
import { openOwnKey, type OwnKey } from '../../runtime/auth/own-key.js';
import { asKeeper, openAuditAccess, type AuditAccess } from '../../subscribers/audit/access.js';
import { AuditLog } from '../../subscribers/audit/audit-log.js';
import { Checkpoints } from '../../subscribers/audit/checkpoints/checkpoints.js';
import { recall, remember } from '../../subscribers/audit/checkpoints/witness.js';
import { readEntries, type ShownEntry } from '../../subscribers/audit/sql/read-entries.js';
import type { Fault } from '../../subscribers/audit/verify/chain-check.js';
import { verifyEnds } from '../../subscribers/audit/verify/find-ends.js';
import { verifyLog } from '../../subscribers/audit/verify/verify-log.js';
import { testDatabase, type TestDatabase } from './postgres.js';

const log = pino({ level: 'silent' });

/** An audit log on a database of its own, with its key in a folder of its own. */
export interface TestAuditLog {
  readonly database: TestDatabase;
  readonly dataDir: string;
  readonly key: OwnKey;
  readonly access: AuditAccess;
  readonly log: AuditLog;
  /** Commits events as actors would, has them logged, and says that they were published. */
  write(events: readonly CommittedEvent[]): Promise<void>;
  /** Signs how far all chains have come. */
  sign(): Promise<void>;
  entries(userId: string): Promise<ShownEntry[]>;
  /** What verifying finds, as `user seq: what`. */
  verify(userId?: string): Promise<string[]>;
  /** Runs statements as a superuser for whom no trigger fires. */
  behindItsBack(...statements: readonly [sql: string, values?: unknown[]][]): Promise<void>;
  remove(): Promise<void>;
}

export async function testAuditLog(): Promise<TestAuditLog> {
  const database = await testDatabase();
  const { pool } = database;
  const dataDir = await mkdtemp(join(tmpdir(), 'audit-log-'));
  const key = await openOwnKey(dataDir, 'audit');
  const access = await openAuditAccess(pool, log);
  const open = () => new Checkpoints({ access, key, log, signed: (checkpoint) => remember(dataDir, checkpoint) });
  let checkpoints = open();
  const auditLog = new AuditLog(
    access,
    () => Promise.resolve([]),
    (userId, head) => checkpoints.note(userId, head),
  );
  return {
    database,
    dataDir,
    key,
    access,
    log: auditLog,
    async write(events) {
      await commit(database, events);
      await auditLog.append(events);
    },
    async sign() {
      await checkpoints.stop();
      checkpoints = open();
    },
    entries: (userId) => access.read(userId, (on) => readEntries(on, userId, null, 0, 1000)),
    async verify(userId) {
      const witness = await recall(dataDir);
      const look = { userId: userId ?? null, key, witness, progress: () => undefined };
      const { faults } = await asKeeper(pool, 'READ ONLY', (on) => verifyLog(on, look));
      const ends = await verifyEnds((work) => asKeeper(pool, 'READ ONLY', work), userId ?? null, 0);
      return [...faults, ...ends].map((fault: Fault) => `${fault.userId ?? ''} ${fault.seq ?? ''}: ${fault.what}`);
    },
    async behindItsBack(...statements) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN; SET LOCAL session_replication_role = replica');
        for (const [sql, values] of statements) await client.query(sql, values);
        await client.query('COMMIT');
      } finally {
        client.release();
      }
    },
    async remove() {
      await checkpoints.stop();
      await access.close();
      await database.drop();
      await rm(dataDir, { recursive: true });
    },
  };
}

/** What the actors and the relay leave of the events. */
async function commit({ pool }: TestDatabase, events: readonly CommittedEvent[]): Promise<void> {
  for (const { user_id, seq, event_id, task_id, version, type, actor, timestamp, after, detail } of events) {
    await pool.query(
      `INSERT INTO users (user_id, seq) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq`,
      [user_id, seq],
    );
    await pool.query(
      `INSERT INTO relay_positions (user_id, published_seq) VALUES ($1, $2)
       ON CONFLICT (user_id) DO UPDATE SET published_seq = excluded.published_seq`,
      [user_id, seq],
    );
    await pool.query(
      `INSERT INTO events (user_id, seq, event_id, task_id, version, type, actor, occurred_at, task, detail)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        ...[user_id, seq, event_id, task_id, version, type, actor, timestamp],
        detail || !after ? null : JSON.stringify(after),
        detail && JSON.stringify(detail),
      ],
    );
  }
}
