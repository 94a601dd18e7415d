import { expect } from 'chai';
import { actorsOn, startTestGateway, type TestGateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

describe('what a rule gives', () => {
  let database: TestDatabase;
  let gateway: TestGateway;
  before(async () => {
    database = await testDatabase();
    gateway = await startTestGateway({ pool: database.pool, command: actorsOn(database.pool) });
  });
  after(async () => {
    await gateway.close();
    await database.drop();
  });

  const preview = (body: object, user = 'alice') => gateway.call('POST', '/v1/recurrence/preview', { user, body });
  const locals = (reply: { json: unknown }): string[] =>
    (reply.json as { occurrences: { local: string }[] }).occurrences.map(({ local }) => local);
  const made = async (body: object): Promise<string> => {
    const reply = await gateway.call('POST', '/v1/tasks', { body: { title: 'x', ...body } });
    expect(reply.status, reply.text).to.equal(201);
    return reply.task.id;
  };
  const occurrences = (id: string, query = '', user = 'alice') =>
    gateway.call('GET', `/v1/tasks/${id}/occurrences${query}`, { user });

  it('is previewed with local and UTC time and whether a clock change moved it, the due date first', async () => {
    const reply = await preview({
      rule: 'FREQ=DAILY',
      due_date: '2027-03-27T02:30',
      time_zone: 'Europe/Berlin',
      count: 2,
    });
    expect(reply.status).to.equal(200);
    expect(reply.json).to.deep.equal({
      occurrences: [
        { local: '2027-03-27T02:30', utc: '2027-03-27T01:30:00Z', shifted: false },
        { local: '2027-03-28T03:30', utc: '2027-03-28T01:30:00Z', shifted: true },
      ],
    });
  });

  it('is previewed for ten where no count is said, and for a date without UTC time', async () => {
    const reply = await preview({ rule: 'monthly', due_date: '2026-01-31' });
    expect(locals(reply).slice(0, 3)).to.deep.equal(['2026-01-31', '2026-02-28', '2026-03-31']);
    expect(locals(reply)).to.have.length(10);
    expect(reply.text).to.include('"utc":null');
  });

  it('is previewed in the user’s own zone where none is named', async () => {
    await gateway.call('PATCH', '/v1/me', { user: 'ann', body: { time_zone: 'Asia/Kathmandu' } });
    const reply = await preview({ rule: 'daily', due_date: '2026-01-31T09:00', count: 1 }, 'ann');
    expect(reply.text).to.include('2026-01-31T03:15:00Z');
  });

  it('is refused with a pointer to each fault', async () => {
    const refused = async (body: object): Promise<unknown> => {
      const reply = await preview({ rule: 'FREQ=DAILY', due_date: '2026-01-31', ...body });
      expect(reply.status).to.equal(422);
      return (reply.json as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer);
    };
    expect(await refused({ rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' })).to.deep.equal(['/rule']);
    expect(await refused({ rule: 'FREQ=SOMETIMES', due_date: '2026-02-30', time_zone: 'Mars/Olympus' })).to.deep.equal([
      '/due_date',
      '/time_zone',
      '/rule',
    ]);
    expect(await refused({ count: 1001 })).to.deep.equal(['/count']);
    expect(await refused({ zone: 'UTC' })).to.deep.equal(['/zone']);
  });

  it('comes after the occurrence of a task, up to 1,000', async () => {
    const id = await made({ due_date: '2999-01-31', recurrence: 'monthly' });
    expect(locals(await occurrences(id)).slice(0, 3)).to.deep.equal(['2999-02-28', '2999-03-31', '2999-04-30']);
    expect(locals(await occurrences(id))).to.have.length(10);
    expect(locals(await occurrences(id, '?count=1000'))).to.have.length(1000);
    expect((await occurrences(id, '?count=1001')).status).to.equal(422);
  });

  it('counts on from the slot where the due date was moved away from it', async () => {
    const id = await made({ due_date: '2999-01-31', recurrence: 'monthly' });
    await gateway.call('PATCH', `/v1/tasks/${id}`, { body: { due_date: '2999-02-03' } });
    expect(locals(await occurrences(id, '?count=2'))).to.deep.equal(['2999-02-28', '2999-03-31']);
  });

  it('passes over what an overdue task has missed, unless it catches up on all', async () => {
    const rule = { rule: 'FREQ=DAILY' };
    const next = await made({ due_date: '2020-01-01', recurrence: rule });
    const all = await made({ due_date: '2020-01-01', recurrence: { ...rule, catch_up: 'all' } });
    const [first = ''] = locals(await occurrences(next, '?count=1'));
    expect(first >= new Date().toISOString().slice(0, 10)).to.equal(true);
    expect(locals(await occurrences(all, '?count=2'))).to.deep.equal(['2020-01-02', '2020-01-03']);
  });

  it('ends with COUNT, counted from the due date or from each completion', async () => {
    for (const basis of ['due_date', 'completion']) {
      const id = await made({ due_date: '2999-01-01', recurrence: { rule: 'FREQ=DAILY;COUNT=3', basis } });
      expect(locals(await occurrences(id)), basis).to.have.length(2);
    }
  });

  it('is nothing for a task that does not recur, and not found for another’s', async () => {
    const id = await made({ due_date: '2026-01-01' });
    expect((await occurrences(id)).json).to.deep.equal({ occurrences: [] });
    expect((await occurrences(id, '', 'mallory')).status).to.equal(404);
  });

  it('is refused when a task is made with a rule that never matches from its due date on, or not at all', async () => {
    for (const recurrence of [
      { rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' },
      { rule: 'FREQ=DAILY;INTERVAL=7;BYDAY=TU' },
    ]) {
      const reply = await gateway.call('POST', '/v1/tasks', {
        body: { title: 'x', due_date: '2026-11-30', recurrence },
      });
      expect(reply.status, recurrence.rule).to.equal(422);
      expect(reply.text).to.include('/recurrence/rule');
    }
  });
});
