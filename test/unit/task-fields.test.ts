import { expect } from 'chai';
import { TodoError, type InputError } from '../../domain/errors.js';
import { parseNewTask, parsePatch } from '../../domain/task/parse-fields.js';

function faultsOf(parse: () => unknown): readonly InputError[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof TodoError) return error.errors;
    throw error;
  }
  throw new Error('it was accepted');
}

const pointers = (body: unknown): string[] => faultsOf(() => parseNewTask(body)).map(({ pointer }) => pointer);

describe('the fields of a task', () => {
  it('fills in what is not said', () => {
    expect(parseNewTask({ title: 'x' })).to.deep.equal({
      title: 'x',
      description: '',
      priority: 'none',
      tags: [],
      due_date: null,
      time_zone: null,
      recurrence: null,
      reminders: [],
    });
  });

  it('keeps Unicode as people write it, in NFC', () => {
    const task = parseNewTask({ title: ' Cafe\u0301 👩‍👩‍👧 ', tags: ['שלום', 'e\u0301', 'é'], description: 'a\r\nb\tc' });
    expect(task.title).to.equal('Café 👩‍👩‍👧');
    expect(task.tags).to.deep.equal(['שלום', 'é']);
    expect(task.description).to.equal('a\nb\tc');
  });

  it('refuses unknown fields by name, and fields that only the system writes', () => {
    expect(pointers({ title: 'x', colour: 'red', status: 'done' })).to.have.members(['/colour', '/status']);
  });

  it('names every fault at once', () => {
    const faults = pointers({
      title: 'a\u0000b',
      tags: ['ok', ' '],
      due_date: '2026-02-30',
      time_zone: 'Mars/Olympus',
      recurrence: { rule: 'FREQ=SOMETIMES' },
      reminders: [{ before: 'PT15M' }, { before: '-PT15M' }, { at: '2026-11-29' }],
    });
    expect(faults).to.have.members([
      '/title',
      '/tags/1',
      '/due_date',
      '/time_zone',
      '/recurrence/rule',
      '/reminders/1/before',
      '/reminders/2/at',
    ]);
  });

  const refused: [string, unknown, string][] = [
    ['no title', {}, '/title'],
    ['an empty title', { title: '' }, '/title'],
    ['a blank title', { title: ' \u3000 ' }, '/title'],
    ['a title of 501 characters', { title: '😀'.repeat(501) }, '/title'],
    ['a line break in a title', { title: 'a\nb' }, '/title'],
    ['half a surrogate pair', { title: 'a\ud800' }, '/title'],
    ['a description over 16 KiB', { title: 'x', description: 'é'.repeat(8193) }, '/description'],
    ['a bell in a description', { title: 'x', description: '\u0007' }, '/description'],
    ['51 tags', { title: 'x', tags: Array.from({ length: 51 }, (_, i) => `t${i}`) }, '/tags'],
    ['a tag of 51 characters', { title: 'x', tags: ['a'.repeat(51)] }, '/tags/0'],
    ['a priority that is none', { title: 'x', priority: 'huge' }, '/priority'],
    ['a due date with an offset', { title: 'x', due_date: '2026-11-30T09:00Z' }, '/due_date'],
    ['the 25th hour', { title: 'x', due_date: '2026-11-30T25:00' }, '/due_date'],
    ['an offset as zone', { title: 'x', time_zone: '+01:00' }, '/time_zone'],
    ['a recurrence word that is none', { title: 'x', recurrence: 'fortnightly' }, '/recurrence'],
    [
      'a rule with COUNT and UNTIL',
      { title: 'x', recurrence: { rule: 'FREQ=DAILY;COUNT=2;UNTIL=20270101' } },
      '/recurrence/rule',
    ],
    ['21 reminders', { title: 'x', reminders: Array.from({ length: 21 }, () => ({ before: 'PT1M' })) }, '/reminders'],
    ['an array instead of an object', [], ''],
  ];
  for (const [what, body, pointer] of refused) {
    it(`refuses ${what} and says where`, () => {
      expect(pointers(body)).to.deep.equal([pointer]);
    });
  }

  it('accepts what is just within the limits', () => {
    const title = '😀'.repeat(500);
    const description = 'é'.repeat(8192);
    expect(parseNewTask({ title, description, tags: ['😀'.repeat(50)] })).to.include({ title, description });
  });

  it('takes null in a merge patch as the default of the field', () => {
    expect(
      parsePatch({ description: null, priority: null, tags: null, reminders: null, due_date: null }),
    ).to.deep.equal({
      description: '',
      priority: 'none',
      tags: [],
      reminders: [],
      due_date: null,
    });
    expect(faultsOf(() => parsePatch({ title: null })).map(({ pointer }) => pointer)).to.deep.equal(['/title']);
    expect(faultsOf(() => parsePatch({})).map(({ pointer }) => pointer)).to.deep.equal(['']);
  });

  it('keeps a recurrence word as it is and fills in an object', () => {
    expect(parseNewTask({ title: 'x', recurrence: 'monthly' }).recurrence).to.equal('monthly');
    expect(
      parseNewTask({ title: 'x', recurrence: { rule: 'freq=monthly;bymonthday=31;skip=backward' } }).recurrence,
    ).to.deep.equal({
      rule: 'FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD',
      basis: 'due_date',
      catch_up: 'next',
    });
  });
});
