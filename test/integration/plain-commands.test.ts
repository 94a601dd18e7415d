import { expect } from 'chai';
import { pino } from 'pino';
import type { CommandEnvelope } from '../../domain/task/commands.js';
import { parseNewTask } from '../../domain/task/parse-fields.js';
import type { GatewayContext } from '../../gateway/context.js';
import { readEvents } from '../../actors/events/read-events.js';
import { openAuditAccess } from '../../subscribers/audit/access.js';
import { AuditLog } from '../../subscribers/audit/audit-log.js';
import { PlainCommands } from '../bench/plain/commands.js';
import { actorsOn } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const taskId = '01930000-0000-7000-8000-000000000001';
const envelope = (command: CommandEnvelope['command'], key?: string): CommandEnvelope => ({
  command,
  actor: 'rest',
  idempotency: key === undefined ? null : { key, request_hash: 'a'.repeat(64) },
});
const commands: readonly CommandEnvelope[] = [
  envelope(
    { op: 'create', fields: parseNewTask({ title: 'Pay rent', tags: ['home'], due_date: '2030-01-31T09:00' }) },
    'k',
  ),
  envelope({ op: 'update', patch: { priority: 'high', time_zone: 'Europe/Berlin' }, expected_versions: [1] }),
  envelope({ op: 'complete', expected_versions: null }),
  envelope({ op: 'complete', expected_versions: null }, 'again'),
];

describe('the plain implementation that the benchmark compares with', () => {
  let actors: TestDatabase;
  let plain: TestDatabase;

  before(async () => {
    [actors, plain] = [await testDatabase(), await testDatabase()];
  });
  after(async () => {
    await actors.drop();
    await plain.drop();
  });

  it('answers and writes what the actors and the audit log do', async () => {
    const command = actorsOn(actors.pool);
    const other = new PlainCommands(plain.pool);
    for (const sent of commands) {
      const answers = [await command('alice', taskId, sent), await other.command('alice', taskId, sent)];
      expect(withoutTimes(answers[1])).to.deep.equal(withoutTimes(answers[0]));
    }
    const source = (userId: string, after: number, limit: number) => readEvents(actors.pool, userId, after, limit);
    const access = await openAuditAccess(actors.pool, pino({ level: 'silent' }));
    await new AuditLog(access, source).append(await source('alice', 0, 10));
    await access.close();
    for (const table of ['users', 'tasks', 'events', 'idempotency_keys', 'audit_entries', 'audit_keys']) {
      const rows = await Promise.all(
        [actors, plain].map(({ pool }) => pool.query(`SELECT * FROM ${table} ORDER BY 1, 2`)),
      );
      expect(rows[1]?.rows.length, table).to.be.greaterThan(0);
      expect(withoutTimes(rows[1]?.rows), table).to.deep.equal(withoutTimes(rows[0]?.rows));
    }
    const { rows } = await plain.pool.query('SELECT user_id, published_seq FROM relay_positions');
    expect(rows).to.deep.equal([{ user_id: 'alice', published_seq: 3 }]);
  });

  it('answers a repeated key with the first answer and refuses another request under it', async () => {
    const { command } = new PlainCommands(plain.pool);
    const [create] = commands as [CommandEnvelope];
    const first = await command('bob', taskId, create);
    const again = await command('bob', '01930000-0000-7000-8000-000000000002', create);
    expect(again).to.deep.equal({ ...first, seq: null, replayed: true });
    const changed = { ...create, idempotency: { key: 'k', request_hash: 'b'.repeat(64) } };
    await expectRefusal(command('bob', '01930000-0000-7000-8000-000000000003', changed), 'idempotency_key_reused');
  });

  it('lets commands of many sides to one task pass one after the other', async () => {
    const { command } = new PlainCommands(plain.pool);
    const [create] = commands as [CommandEnvelope];
    await command('carol', taskId, { ...create, idempotency: null });
    const patches = Array.from({ length: 8 }, (_, number) =>
      command('carol', taskId, envelope({ op: 'update', patch: { title: `${number}` }, expected_versions: null })),
    );
    expect((await Promise.all(patches)).map(({ version }) => version).sort()).to.deep.equal([2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

/** Times, ids and hashes differ from run to run; that they are there does not. */
function withoutTimes(value: unknown): unknown {
  const text = JSON.stringify(value, (key, member: unknown) =>
    /(?:_at|^timestamp|^event_id|hash|^origin|^sealed|^key)$/.test(key) && key !== 'due_at' && member !== null
      ? typeof member
      : member,
  );
  return JSON.parse(text);
}

async function expectRefusal(answer: ReturnType<GatewayContext['dapr']['command']>, code: string): Promise<void> {
  const error: unknown = await answer.then(
    () => null,
    (refused: unknown) => refused,
  );
  expect(error).to.have.property('code', code);
}
