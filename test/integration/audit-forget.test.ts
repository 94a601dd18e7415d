import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Turn } from '../../actors/host/actor.js';
import { TaskActor } from '../../actors/task/task-actor.js';
import { UserLanes } from '../../actors/task/user-lanes.js';
import { UserZones } from '../../actors/task/user-zones.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { SentCommand, TaskCommand } from '../../domain/task/commands.js';
import { parseNewTask } from '../../domain/task/parse-fields.js';
import { firstHash, plainEntryHash } from '../../subscribers/audit/entry.js';
import { forgetUser } from '../../subscribers/audit/forget-user.js';
import { testAuditLog, type TestAuditLog } from '../support/audit-log.js';
import { eventsOf, factAt } from '../support/events.js';

describe('forgetting a user', function () {
  this.timeout(20_000);
  let log: TestAuditLog;
  beforeEach(async () => {
    log = await testAuditLog();
  });
  afterEach(() => log.remove());

  const forget = (userId: string) => forgetUser(log.database.pool, log.key, userId);
  const rows = async (table: string, userId: string): Promise<Record<string, unknown>[]> =>
    (await log.database.pool.query<Record<string, unknown>>(`SELECT * FROM ${table} WHERE user_id = $1`, [userId]))
      .rows;

  it('leaves the entries with what is known of them, and the chain whole', async () => {
    await log.write([...eventsOf('alice', 1, 3), factAt('alice', 4, 3), ...eventsOf('bob', 1, 2)]);
    await log.sign();
    const [before, others] = [await log.entries('alice'), await log.entries('bob')];
    expect((await forget('alice')).outcome).to.equal('forgotten');
    expect(before[3]).to.have.property('detail');
    const expected = before.map(({ detail: _detail, ...entry }) => ({ ...entry, before: null, after: null }));
    expect(await log.entries('alice')).to.deep.equal(expected);
    expect(await log.entries('bob')).to.deep.equal(others);
    expect(await log.verify()).to.deep.equal([]);
  });

  it('leaves no word of the user anywhere in the database', async () => {
    const title = 'Unheard-of';
    const { database } = log;
    await log.write([...eventsOf('alice', 1, 3), factAt('alice', 4, 3)].map((event) => withTitle(event, title)));
    await database.pool.query(
      `INSERT INTO series_steps VALUES ('alice', gen_random_uuid(), 1, gen_random_uuid(), 1, now());
       INSERT INTO reminders VALUES ('alice', gen_random_uuid(), gen_random_uuid(), 1, now(), '{"at": "${title}"}', 'due');
       INSERT INTO reminder_deliveries (user_id, reminder_id, channel, error)
       SELECT user_id, reminder_id, 'log', '${title}' FROM reminders`,
    );
    await database.pool.query(
      `INSERT INTO idempotency_keys VALUES ('alice', 'k', 'h', gen_random_uuid(), 1, now());
       UPDATE users SET time_zone = 'Asia/Tokyo', settings = '{"channels": ["${title}"]}' WHERE user_id = 'alice'`,
    );
    await forget('alice');
    for (const { name } of (
      await database.pool.query<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`)
    ).rows) {
      const found = await database.pool.query(`SELECT FROM ${name} t WHERE to_jsonb(t)::text ~ '${title}|Tokyo'`);
      expect(found.rowCount, name).to.equal(0);
    }
    expect(await rows('audit_keys', 'alice')).to.deep.equal([]);
    for (const table of ['idempotency_keys', 'series_steps', 'reminders', 'reminder_deliveries']) {
      expect(await rows(table, 'alice'), table).to.deep.equal([]);
    }
    expect(await rows('events', 'alice'), 'the fence alone').to.have.length(1);
  });

  it('waits for the log and the relay, and deletes nothing before', async () => {
    await log.write(eventsOf('alice', 1, 2));
    const { pool } = log.database;
    await pool.query(`UPDATE relay_positions SET published_seq = 1 WHERE user_id = 'alice'`);
    expect(await forget('alice')).to.deep.equal({ outcome: 'not yet', seq: 2, logged: 2, published: 1 });
    await pool.query(`UPDATE relay_positions SET published_seq = 3; UPDATE users SET seq = 3 WHERE user_id = 'alice'`);
    expect(await forget('alice')).to.deep.equal({ outcome: 'not yet', seq: 3, logged: 2, published: 3 });
    expect((await log.entries('alice'))[1]?.after?.title).to.equal('Title 2');
  });

  it('does not let the log go on by a key that is destroyed: the same events are taken once it has noticed', async () => {
    await log.write(eventsOf('alice', 1, 2));
    await forget('alice');
    const task_id = randomUUID();
    const again = eventsOf('alice', 3, 4).map((event) => ({ ...event, task_id, version: event.seq - 2 }));
    const refused: unknown = await log.write(again).catch((error: unknown) => error);
    expect(refused).to.be.an('error').with.property('message', 'a user of these entries was forgotten meanwhile');
    await log.log.append(again);
    expect((await log.entries('alice')).map(({ seq, after }) => [seq, after?.title])).to.deep.equal([
      [1, undefined],
      [2, undefined],
      [3, 'Title 3'],
      [4, 'Title 4'],
    ]);
    expect(await log.verify()).to.deep.equal([]);
    expect((await rows('users', 'alice'))[0], 'no number comes twice').to.include({ seq: 4 });
    expect((await forget('alice')).outcome).to.equal('forgotten');
    expect((await log.entries('alice')).at(-1)?.after).to.equal(null);
    expect(await log.verify()).to.deep.equal([]);
  });

  it('changes nothing when it is repeated, and says so of somebody unknown', async () => {
    await log.write(eventsOf('alice', 1, 2));
    await forget('alice');
    const once = [await log.entries('alice'), await rows('events', 'alice')];
    expect((await forget('alice')).outcome).to.equal('forgotten');
    expect([await log.entries('alice'), await rows('events', 'alice')]).to.deep.equal(once);
    expect(await forget('nobody')).to.deep.equal({ outcome: 'unknown' });
    expect(await log.verify()).to.deep.equal([]);
  });

  it('is not undone by an actor that still remembers the task: it finds the task deleted', async () => {
    const { pool } = log.database;
    const committed: CommittedEvent[] = [];
    const parts = {
      pool,
      zones: new UserZones(pool),
      lanes: new UserLanes(),
      now: () => new Date(),
      committed: (event: CommittedEvent) => void committed.push(event),
    };
    const actor = new TaskActor(parts, 'alice', randomUUID());
    await actor.execute(sent({ op: 'create', fields: parseNewTask({ title: 'Secret', time_zone: 'UTC' }) }), turn);
    await log.log.append(committed);
    await pool.query(`INSERT INTO relay_positions VALUES ('alice', 1)`);
    expect((await forget('alice')).outcome).to.equal('forgotten');

    for (const command of [
      { op: 'update', patch: { priority: 'high' }, expected_versions: null },
      { op: 'complete', expected_versions: null },
    ] as const) {
      const refused: unknown = await actor.execute(sent(command), turn).catch((error: unknown) => error);
      expect(refused).to.have.property('code', 'not_found');
    }
    expect(await rows('tasks', 'alice')).to.deep.equal([]);
    expect((await rows('events', 'alice')).map(({ task }) => task)).to.deep.equal([null]);
  });

  it('blanks entries from before content was sealed, and no others can be', async () => {
    const { pool } = log.database;
    let previous: Buffer = firstHash;
    for (const event of eventsOf('dora', 1, 3)) {
      const hash = plainEntryHash(previous, event);
      const { user_id, seq, event_id, task_id, version, type, actor, timestamp, before, after } = event;
      await pool.query(
        `INSERT INTO audit_entries (user_id, seq, event_id, task_id, version, type, actor, occurred_at, before, after,
           previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
        [user_id, seq, event_id, task_id, version, type, actor, timestamp, before, after, previous, hash],
      );
      previous = hash;
    }
    await log.write(eventsOf('dora', 1, 4));
    expect((await log.entries('dora')).map((entry) => entry.after?.title)).to.have.members([
      'Title 1',
      'Title 2',
      'Title 3',
      'Title 4',
    ]);
    expect(await log.verify()).to.deep.equal([]);

    const blank = () => pool.query(`UPDATE audit_entries SET before = NULL, after = NULL WHERE user_id = 'dora'`);
    const refused: unknown = await blank().catch((error: unknown) => error);
    expect(refused).to.have.property('message', 'audit_entries is append-only');
    await forget('dora');
    expect((await log.entries('dora')).map((entry) => entry.after)).to.deep.equal([null, null, null, null]);
    expect(await log.verify()).to.deep.equal([]);
    await log.behindItsBack([`DELETE FROM audit_entries WHERE user_id = 'dora' AND seq = 2`]);
    expect((await log.verify())[0]).to.match(/^dora 2: it is missing/);
  });
});

const sent = (command: TaskCommand): SentCommand => ({
  command,
  actor: 'rest',
  idempotency: null,
  command_id: randomUUID(),
});

const turn: Turn = { actorId: '', signal: new AbortController().signal, throwIfAborted: () => undefined };

function withTitle(event: CommittedEvent, title: string): CommittedEvent {
  return { ...event, after: event.after && { ...event.after, title } };
}
