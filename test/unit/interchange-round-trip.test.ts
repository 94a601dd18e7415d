import { expect } from 'chai';
import fc from 'fast-check';
import ICAL from 'ical.js';
import { toInstant } from '../../domain/dates/local-date.js';
import { writeCsv } from '../../domain/interchange/csv/write-csv.js';
import type { ExportedTask } from '../../domain/interchange/exported-task.js';
import { writeCalendar } from '../../domain/interchange/icalendar/write-calendar.js';
import { taskIdOf } from '../../domain/interchange/import-entry.js';
import { writeNdjson } from '../../domain/interchange/write-ndjson.js';
import type { ImportedFields } from '../../domain/task/commands.js';
import { parseNewTask } from '../../domain/task/parse-fields.js';
import { toTask } from '../../domain/task/task.js';
import { asynchronously, calendarEntries, collect, csvEntries, taskOf } from '../support/interchange.js';

const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia', 'UTC', 'Etc/GMT+5'];
const pad = (number: number): string => String(number).padStart(2, '0');

const text = (maximum: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 8 }),
        fc.constantFrom(',', ';', ':', '"', '""', '\\', '\\n', '\\,', "'", '=1+1', '@label', '^n', '^', '\t'),
        fc.constantFrom(
          '🎉',
          '👩‍👩‍👧',
          'مهمة',
          'משימה',
          '买牛奶',
          '\u202eabc\u202c',
          '\u2028',
          '\ufeff',
          'é',
          ' ',
          '-',
          '+',
        ),
      ),
      { maxLength: 12 },
    )
    .map((parts) =>
      parts
        .join('')
        .slice(0, maximum)
        .replace(/\p{Cc}|\p{Surrogate}/gu, ''),
    );
const line = (maximum: number): fc.Arbitrary<string> => text(maximum).filter((value) => value.trim() !== '');
const lines = fc.array(text(200), { maxLength: 5 }).map((parts) => parts.join('\n'));

const day = fc
  .record({
    year: fc.integer({ min: 1970, max: 2090 }),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 28 }),
  })
  .map(({ year, month, day }) => `${year}-${pad(month)}-${pad(day)}`);
const date = fc.oneof(day, fc.constantFrom('2024-02-29', '2026-01-31', '2026-03-30', '2026-01-29'));
const minute = fc
  .record({ hour: fc.nat(23), minute: fc.nat(59) })
  .map(({ hour, minute }) => `${pad(hour)}:${pad(minute)}`);
const time = fc.oneof(
  minute,
  fc.tuple(minute, fc.nat(59)).map(([start, second]) => `${start}:${pad(second)}`),
);
const dateTime = fc.oneof(
  fc.tuple(date, time).map(([day, clock]) => `${day}T${clock}`),
  // Skipped and repeated by the clock changes.
  fc.constantFrom('2026-03-29T02:30', '2026-10-25T02:30', '2026-03-08T02:30:00', '2011-12-30T12:00'),
);

const rule = fc.constantFrom(
  'FREQ=DAILY',
  'FREQ=MONTHLY',
  'FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD',
  'RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD',
  'FREQ=MONTHLY;WKST=SU;INTERVAL=2;BYDAY=MO,-1FR,+2SU;UNTIL=20301231T235959Z',
  'UNTIL=20301231;FREQ=HOURLY',
  'COUNT=10;FREQ=YEARLY;BYMONTH=1,2;BYSETPOS=-1;BYHOUR=9,17',
);
const recurrence = fc.oneof(
  fc.constant(null),
  fc.constantFrom('daily', 'weekly', 'monthly', 'yearly' as const),
  fc.record({
    rule,
    basis: fc.constantFrom('due_date', 'completion' as const),
    catch_up: fc.constantFrom('next', 'all' as const),
  }),
);
const reminder = fc.oneof(
  fc.constantFrom('PT15M', 'PT0S', 'P1D', 'P2W', 'P1DT2H3M4S', 'PT900S').map((before) => ({ before })),
  dateTime.map((at) => ({ at })),
);
const instant = fc
  .date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true })
  .map((value) => value.toISOString());

/** A task as the system keeps it: its fields have passed the door. */
const task: fc.Arbitrary<ExportedTask> = fc
  .record({
    fields: fc.record({
      title: line(500),
      description: lines,
      priority: fc.constantFrom('none', 'low', 'medium', 'high', 'urgent'),
      tags: fc.array(line(50), { maxLength: 5 }),
      due_date: fc.oneof(fc.constant(null), date, dateTime),
      time_zone: fc.constantFrom(null, ...zones),
      recurrence,
      reminders: fc.array(reminder, { maxLength: 4 }),
    }),
    id: fc.uuid(),
    source: fc.oneof(fc.constant(null), line(100)),
    status: fc.constantFrom('open', 'done'),
    // One that is done without it was skipped.
    completed_at: fc.oneof(fc.constant(null), instant),
    created_at: instant,
  })
  .map(({ fields, id, source, status, completed_at, created_at }) => {
    const { time_zone, ...rest } = parseNewTask(fields);
    return {
      ...rest,
      id: source === null ? id : taskIdOf(source.trim()),
      source_id: source?.trim() ?? null,
      user_id: 'alice',
      time_zone: time_zone ?? 'Europe/Berlin',
      floating: time_zone === null,
      status,
      completed_at: status === 'open' ? null : completed_at,
      created_at,
      updated_at: created_at,
      series_id: null,
      occurrence: null,
      occurrence_date: null,
      version: 1,
    };
  });

function fieldsOf(task: ExportedTask): ImportedFields {
  const { title, description, priority, tags, due_date, recurrence, reminders } = task;
  const { status, completed_at, created_at } = task;
  const time_zone = task.floating ? null : task.time_zone;
  return {
    ...{ title, description, priority, tags, due_date, time_zone, recurrence, reminders },
    ...{ status, completed_at, created_at },
    ...(status === 'done' && completed_at === null && { skipped: true }),
  };
}

async function written(pieces: AsyncIterable<string>): Promise<string> {
  return (await collect(pieces)).join('');
}

describe('export, then import', () => {
  const formats = [
    ['iCalendar', writeCalendar, calendarEntries],
    ['CSV', writeCsv, csvEntries],
  ] as const;

  for (const [name, write, read] of formats) {
    it(`${name} gives back the same fields and ids, whatever people wrote`, async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(fc.array(task, { maxLength: 4 }), async (tasks) => {
          const entries = (await read(await written(write(asynchronously(tasks))))).map(taskOf);
          expect(entries.map(({ fields }) => fields)).to.deep.equal(tasks.map(fieldsOf));
          expect(entries.map(({ task_id }) => task_id)).to.deep.equal(tasks.map(({ id }) => id));
          expect(entries.flatMap(({ lost }) => lost)).to.deep.equal([]);
        }),
        { numRuns: 300 },
      );
    });

    it(`${name} keeps the id of a task whose name in another file was no id`, async () => {
      const [sample] = fc.sample(task, { seed: 1, numRuns: 1 });
      if (!sample) throw new Error('no sample');
      const fromTickTick = { ...sample, source_id: '7' };
      const [entry] = await read(await written(write(asynchronously([fromTickTick]))));
      expect(taskOf(entry).task_id).to.equal(sample.id);
    });

    it(`${name} written in one zone and read by a user in another keeps every wall time`, async () => {
      const [sample] = fc.sample(task, { seed: 1, numRuns: 1 });
      if (!sample) throw new Error('no sample');
      const floating: ExportedTask = {
        ...sample,
        due_date: '2026-11-30T09:00',
        floating: true,
        time_zone: 'Europe/Berlin',
        reminders: [{ at: '2026-11-30T08:00' }],
      };
      const [entry] = await read(await written(write(asynchronously([floating]))), 'Asia/Tokyo');
      expect(taskOf(entry).fields).to.deep.equal(fieldsOf(floating));
    });
  }

  it('keeps every line of a calendar within 75 octets', async () => {
    await fc.assert(
      fc.asyncProperty(task, async (one) => {
        for (const part of (await written(writeCalendar(asynchronously([one])))).split('\r\n')) {
          expect(Buffer.byteLength(part)).to.be.at.most(75);
        }
      }),
    );
  });

  it('describes each zone once, so that a program that knows no zones finds the same instants', async () => {
    const [sample] = fc.sample(task, { seed: 1, numRuns: 1 });
    if (!sample) throw new Error('no sample');
    const changes = ['2026-03-29T01:59', '2026-03-29T03:00', '2026-10-25T01:59', '2026-10-25T03:00'];
    for (const time_zone of ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Africa/Casablanca']) {
      const dues = ['1998-07-01T12:00', '2026-01-15T09:00', '2026-07-15T09:00', '2049-07-01T00:00', ...changes];
      const tasks = dues.map((due_date) => ({ ...sample, due_date, time_zone, floating: false }));
      const calendar = new ICAL.Component(ICAL.parse(await written(writeCalendar(asynchronously(tasks)))) as unknown[]);
      expect(calendar.getAllSubcomponents('vtimezone')).to.have.length(1);
      const zone = new ICAL.Timezone(calendar.getFirstSubcomponent('vtimezone'));
      for (const due of dues) {
        const [year = 0, month, day, hour, minute] = due.split(/[-T:]/).map(Number);
        const data = { year, month, day, hour, minute, second: 0, isDate: false };
        const offset = zone.utcOffset(new ICAL.Time(data, ICAL.Timezone.localTimezone));
        expect(Date.parse(`${due}Z`) - offset * 1000, `${due} ${time_zone}`).to.equal(toInstant(due, time_zone));
      }
    }
  });

  it('writes a monthly task as a rule that other programs follow to the last day of a short month', async () => {
    const [sample] = fc.sample(task, { seed: 1, numRuns: 1 });
    if (!sample) throw new Error('no sample');
    const slots = async (due_date: string, recurrence: 'monthly' | 'yearly'): Promise<string[]> => {
      const file = await written(writeCalendar(asynchronously([{ ...sample, due_date, recurrence }])));
      const rule = /RRULE:(.*)\r\n/.exec(file)?.[1] ?? '';
      const iterator = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromDateString(due_date));
      return Array.from({ length: 4 }, () => String(iterator.next()));
    };
    expect(await slots('2026-12-31', 'monthly')).to.deep.equal([
      '2026-12-31',
      '2027-01-31',
      '2027-02-28',
      '2027-03-31',
    ]);
    expect(await slots('2026-12-15', 'monthly')).to.deep.equal([
      '2026-12-15',
      '2027-01-15',
      '2027-02-15',
      '2027-03-15',
    ]);
    expect(await slots('2024-02-29', 'yearly')).to.deep.equal(['2024-02-29', '2025-02-28', '2026-02-28', '2027-02-28']);
  });

  it('does not let a spreadsheet take a cell for a formula', async () => {
    const [sample] = fc.sample(task, { seed: 1, numRuns: 1 });
    if (!sample) throw new Error('no sample');
    for (const title of ['=1+1', '+1', '-1', '@SUM(A1)', "'=1+1", '＝1+1']) {
      const file = await written(writeCsv(asynchronously([{ ...sample, title }])));
      expect(file).to.not.match(/(?:^|,)"?[=+\-@＝]/m);
      expect(taskOf((await csvEntries(file))[0]).fields.title).to.equal(title);
    }
  });

  it('writes NDJSON as the tasks of the interface, a line each', async () => {
    const tasks = fc.sample(task, { seed: 2, numRuns: 3 });
    const file = await written(writeNdjson(asynchronously(tasks)));
    const expected = tasks.map((one) => {
      const { source_id: _source, ...state } = one;
      return toTask({ ...state, origin: null, anchor: null });
    });
    expect(
      file
        .trimEnd()
        .split('\n')
        .map((row): unknown => JSON.parse(row)),
    ).to.deep.equal(expected);
  });
});
