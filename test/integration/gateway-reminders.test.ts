import { expect } from 'chai';
import { reminderListTexts } from '../../gateway/reminder-list/statement.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

interface Entry {
  readonly reminder_id: string;
  readonly task_id: string;
  readonly status: string;
  readonly channel: string | null;
  readonly due_at: string;
  readonly delivered_at: string | null;
  readonly late_by_seconds: number | null;
}

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const time = (minute: number): string => new Date(Date.UTC(2026, 10, 25, 9, minute)).toISOString();

describe('GET /v1/reminders on the database', () => {
  let database: TestDatabase;
  let gateway: TestGateway;
  before(async () => {
    database = await testDatabase();
    gateway = await startTestGateway({ pool: database.pool });
  });
  after(async () => {
    await gateway.close();
    await database.drop();
  });
  beforeEach(() =>
    database.pool.query(
      `TRUNCATE reminders, reminder_deliveries; UPDATE notification_sweep SET swept_to = '2026-11-25T10:00Z'`,
    ),
  );

  /** A reminder that comes at a minute, and its deliveries by `channel status`. */
  async function add(minute: number, status: string, deliveries: string[] = [], user = 'alice', number = minute) {
    const isDue = status === 'due';
    await database.pool.query(
      `INSERT INTO reminders (user_id, reminder_id, task_id, occurrence, due_at, reminder, status, fired_at, late_by_seconds)
       VALUES ($1, $2, $3, 2, $4, '{"before": "PT15M"}', $5, $6, $7)`,
      [user, id(number), id(1000 + number), time(minute), status, isDue ? time(minute) : null, isDue ? 3 : null],
    );
    for (const delivery of deliveries) {
      const [channel, state] = delivery.split(' ');
      await database.pool.query(
        `INSERT INTO reminder_deliveries (user_id, reminder_id, channel, status, delivered_at, late_by_seconds)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [
          user,
          id(number),
          channel,
          state,
          state === 'delivered' ? time(minute + 1) : null,
          state === 'delivered' ? 60 : null,
        ],
      );
    }
  }
  async function page(query: string, user = 'alice'): Promise<{ reminders: Entry[]; next_cursor: string | null }> {
    const reply = await gateway.call('GET', `/v1/reminders?${query}`, { user });
    expect(reply.status, reply.text).to.equal(200);
    return JSON.parse(reply.text) as { reminders: Entry[]; next_cursor: string | null };
  }
  const shown = ({ due_at, status, channel }: Entry): string =>
    `${new Date(due_at).getUTCMinutes()} ${status} ${channel ?? '-'}`;
  const listed = async (query: string): Promise<string[]> => (await page(query)).reminders.map(shown);

  it('shows each once while it is to come or cancelled, and once for each channel when it came due', async () => {
    await add(5, 'pending');
    await add(3, 'due', ['log delivered', 'email failed', 'webhook pending']);
    await add(1, 'cancelled');
    expect(await listed('')).to.deep.equal([
      '1 cancelled -',
      '3 failed email',
      '3 delivered log',
      '3 pending webhook',
      '5 pending -',
    ]);
    const [cancelled, failed, delivered, , pending] = (await page('')).reminders;
    const common = { occurrence: 2, reminder: { before: 'PT15M' } };
    expect(pending).to.deep.equal({
      ...common,
      reminder_id: id(5),
      task_id: id(1005),
      due_at: time(5),
      status: 'pending',
      channel: null,
      delivered_at: null,
      late_by_seconds: null,
    });
    expect(delivered).to.deep.equal({
      ...common,
      reminder_id: id(3),
      task_id: id(1003),
      due_at: time(3),
      status: 'delivered',
      channel: 'log',
      delivered_at: time(4),
      late_by_seconds: 60,
    });
    expect(failed).to.include({ delivered_at: null, late_by_seconds: 3 });
    expect(cancelled).to.include({ channel: null, late_by_seconds: null });
  });

  it('gives those of one status, wherever it is written', async () => {
    await add(1, 'cancelled');
    await add(2, 'due', ['log cancelled', 'email delivered']);
    await add(3, 'due', ['log delivered', 'email failed', 'webhook pending']);
    await add(4, 'pending');
    expect(await listed('status=pending')).to.deep.equal(['3 pending webhook', '4 pending -']);
    expect(await listed('status=delivered')).to.deep.equal(['2 delivered email', '3 delivered log']);
    expect(await listed('status=cancelled')).to.deep.equal(['1 cancelled -', '2 cancelled log']);
    expect(await listed('status=failed')).to.deep.equal(['3 failed email']);
  });

  it('counts what came due and has no deliveries yet as pending, and as cancelled when there will be none', async () => {
    await add(1, 'due');
    await add(90, 'due');
    expect(await listed('')).to.deep.equal(['1 cancelled -', '30 pending -']);
    expect(await listed('status=pending')).to.deep.equal(['30 pending -']);
    expect(await listed('status=cancelled')).to.deep.equal(['1 cancelled -']);
  });

  it('goes on where a page ended, in the middle of one reminder’s channels too, and repeats nothing', async () => {
    for (let number = 0; number < 12; number += 1) {
      // Several of one moment.
      const minute = Math.floor(number / 3);
      await add(
        minute,
        number % 2 === 0 ? 'pending' : 'due',
        number % 2 === 0 ? [] : ['email failed', 'log failed'],
        'alice',
        number,
      );
    }
    for (const [query, count] of [
      ['', 18],
      ['status=failed', 12],
      ['status=pending', 6],
    ] as const) {
      const whole = (await page(query)).reminders.map((entry) => JSON.stringify(entry));
      expect(whole).to.have.length(count);
      for (const limit of [1, 5]) {
        const collected: string[] = [];
        let cursor: string | null = null;
        do {
          const next: Awaited<ReturnType<typeof page>> = await page(
            `${query}&limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`,
          );
          expect(next.reminders.length).to.be.within(1, limit);
          collected.push(...next.reminders.map((entry) => JSON.stringify(entry)));
          cursor = next.next_cursor;
        } while (cursor !== null);
        expect(collected).to.deep.equal(whole);
      }
    }
  });

  it('is one user’s alone, and empty for one who has none', async () => {
    await add(1, 'pending', [], 'bob');
    expect(await listed('')).to.deep.equal([]);
    expect((await page('', 'bob')).reminders).to.have.length(1);
  });

  it('refuses a status there is not, a cursor that it did not give, and one of another status', async () => {
    await add(1, 'pending');
    await add(2, 'pending');
    const { next_cursor } = await page('limit=1');
    for (const [query, status, code] of [
      ['status=due', 422, 'invalid'],
      ['limit=201', 422, 'invalid'],
      ['cursor=nonsense', 400, 'unreadable'],
      [`cursor=${Buffer.from('[null,"2026-11-25T09:00:00Z","x",""]').toString('base64url')}`, 400, 'unreadable'],
      [`status=pending&cursor=${next_cursor}`, 422, 'invalid'],
    ] as const) {
      const reply = await gateway.call('GET', `/v1/reminders?${query}`);
      expect(reply.status, query).to.equal(status);
      expect((JSON.parse(reply.text) as { code: string }).code).to.equal(code);
    }
  });

  it('finds its page by indexes, among a user’s 20,000 reminders and those of others', async function () {
    this.timeout(30_000);
    for (const user of ['alice', 'bob']) {
      await database.pool.query(
        `INSERT INTO reminders (user_id, reminder_id, task_id, due_at, reminder, status, fired_at, late_by_seconds)
         SELECT $1, gen_random_uuid(), gen_random_uuid(), '2026-01-01'::timestamptz + i * interval '20 min', '{"before": "PT0S"}',
           CASE WHEN i < 15000 THEN 'due' WHEN i % 2 = 0 THEN 'pending' ELSE 'cancelled' END,
           CASE WHEN i < 15000 THEN '2026-01-01'::timestamptz + i * interval '20 min' END, 0
         FROM generate_series(1, 20000) i`,
        [user],
      );
    }
    await database.pool.query(
      `INSERT INTO reminder_deliveries (user_id, reminder_id, channel, status)
       SELECT user_id, reminder_id, 'log', CASE WHEN random() < 0.002 THEN 'failed' ELSE 'delivered' END
       FROM reminders WHERE status = 'due'`,
    );
    await database.pool.query('ANALYZE reminders, reminder_deliveries');
    for (const [status, text] of Object.entries(reminderListTexts)) {
      const client = await database.pool.connect();
      try {
        await client.query(`SET plan_cache_mode = force_generic_plan`);
        await client.query(`PREPARE list AS ${text}`);
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(
          `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) EXECUTE list ('alice', '2026-03-01Z', '${id(1)}', '', 51)`,
        );
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan, status).not.to.match(/Seq Scan on (reminders|reminder_deliveries)/);
        const buffers = Number(/Buffers: shared hit=(\d+)/.exec(plan)?.[1]);
        // Of the tables' thousand pages and more. What came due without a channel is found by looking at all that did.
        if (status !== 'cancelled') expect(buffers, `${status}\n${plan}`).to.be.below(1_000);
      } finally {
        await client.query('DEALLOCATE ALL; RESET plan_cache_mode');
        client.release();
      }
    }
  });
});
