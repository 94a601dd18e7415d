import { expect } from 'chai';
import { sharedSystem } from '../support/system.js';

const uuid = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('POST /v1/tasks', () => {
  const system = sharedSystem();

  it('answers 201 with the whole task, its address and its version as entity tag', async () => {
    const alice = await system().newUser();
    const reply = await alice.post('/v1/tasks', { title: 'Pay rent' });
    const { id, created_at, ...rest } = reply.task;
    expect(reply.status).to.equal(201);
    expect(reply.header('location')).to.equal(`/v1/tasks/${id}`);
    expect(reply.header('etag')).to.equal('"1"');
    expect(id).to.match(uuid);
    expect(created_at).to.match(instant);
    expect(rest).to.deep.equal({
      user_id: alice.id,
      title: 'Pay rent',
      description: '',
      status: 'open',
      priority: 'none',
      tags: [],
      due_date: null,
      time_zone: 'UTC',
      recurrence: null,
      series_id: null,
      occurrence: null,
      occurrence_date: null,
      reminders: [],
      version: 1,
      updated_at: created_at,
      completed_at: null,
    });
  });

  it('keeps every field of the interface, and the address gives the same task', async () => {
    const alice = await system().newUser();
    const fields = {
      title: 'Pay rent',
      description: 'to the landlord\n\tby bank',
      priority: 'high',
      tags: ['home', 'money'],
      due_date: '2026-11-30T09:00',
      time_zone: 'Europe/Berlin',
      recurrence: { rule: 'FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD', basis: 'completion', catch_up: 'all' },
      reminders: [{ before: 'PT15M' }, { at: '2026-11-29T18:00' }],
    };
    const created = await alice.post('/v1/tasks', fields);
    expect(created.task).to.deep.include(fields);
    expect(created.task).to.include({ occurrence: 1, occurrence_date: fields.due_date, series_id: created.task.id });
    const read = await alice.get(created.header('location') ?? '');
    expect(read.task).to.deep.equal(created.task);
  });

  const recurrences: [unknown, unknown][] = [
    ['daily', 'daily'],
    ['weekly', 'weekly'],
    ['monthly', 'monthly'],
    ['yearly', 'yearly'],
    [{ rule: 'FREQ=DAILY;COUNT=3' }, { rule: 'FREQ=DAILY;COUNT=3', basis: 'due_date', catch_up: 'next' }],
    [null, null],
  ];
  for (const [given, kept] of recurrences) {
    it(`takes the recurrence ${JSON.stringify(given)}`, async () => {
      const alice = await system().newUser();
      const task = await alice.create({ title: 'Again', due_date: '2026-11-30', recurrence: given });
      expect(task.recurrence).to.deep.equal(kept);
      expect(task.series_id).to.equal(kept === null ? null : task.id);
    });
  }

  for (const due_date of ['2026-11-30', '2026-11-30T09:00', '2026-11-30T09:00:30', '2028-02-29', null]) {
    it(`takes the due date ${due_date}`, async () => {
      const alice = await system().newUser();
      expect((await alice.create({ title: 'Due', due_date })).due_date).to.equal(due_date);
    });
  }

  const titles = [
    'Ärger vermeiden',
    '買い物に行く',
    'اشتر حليبا',
    'לקנות חלב',
    'नमस्ते',
    '👩‍👩‍👧‍👦 🏳️‍🌈 family',
    '"\\/<b>\u2028\u202e&amp;',
  ];
  for (const title of titles) {
    it(`keeps text as people write it: ${title}`, async () => {
      const alice = await system().newUser();
      const { id } = await alice.create({ title, description: title, tags: [title] });
      expect((await alice.get(`/v1/tasks/${id}`)).task).to.deep.include({ title, description: title, tags: [title] });
    });
  }

  it('makes text one: composed, without space around it, tags once, line ends as \\n', async () => {
    const alice = await system().newUser();
    const task = await alice.create({
      title: '  Cafe\u0301 ',
      description: 'a\r\nb\rc',
      tags: [' a\u0308 ', '\u00e4', 'b'],
    });
    expect(task).to.deep.include({ title: 'Caf\u00e9', description: 'a\nb\nc', tags: ['\u00e4', 'b'] });
  });

  it('takes text up to the limits, counted as people count characters', async () => {
    const alice = await system().newUser();
    const fields = {
      title: '👍'.repeat(500),
      description: 'é'.repeat(8 * 1024),
      tags: Array.from({ length: 50 }, (_, index) => `${'👍'.repeat(48)}${index + 10}`),
      reminders: Array.from({ length: 20 }, (_, index) => ({ before: `PT${index + 1}M` })),
    };
    expect(await alice.create(fields)).to.deep.include({ title: fields.title, description: fields.description });
  });
});
