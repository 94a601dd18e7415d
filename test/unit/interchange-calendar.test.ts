import { expect } from 'chai';
import type { ImportedFields } from '../../domain/task/commands.js';
import {
  asynchronously,
  calendarEntries,
  calendarOf,
  failureOf,
  onlyTask,
  rejectionOf,
  taskOf,
  todo,
} from '../support/interchange.js';

interface Read extends ImportedFields {
  lost: readonly string[];
}

/** The fields of a VTODO of these lines, for a user in Berlin. */
async function read(...lines: readonly string[]): Promise<Read> {
  const { fields, lost } = onlyTask(await calendarEntries(calendarOf(...lines)));
  return { ...fields, lost };
}

/** A zone by a name that says nothing, two hours ahead of UTC in summer and one in winter. */
const ownZone = [
  'BEGIN:VTIMEZONE',
  'TZID:Customized Time Zone',
  'BEGIN:STANDARD',
  'DTSTART:16010101T030000',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
  'END:STANDARD',
  'BEGIN:DAYLIGHT',
  'DTSTART:16010101T020000',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0200',
  'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
  'END:DAYLIGHT',
  'END:VTIMEZONE',
];

describe('reading a VTODO', () => {
  describe('its due date', () => {
    it('is a day without a time when it is a DATE, with or without saying so', async () => {
      for (const due of ['DUE;VALUE=DATE:20260201', 'DUE:20260201']) {
        expect(await read(due)).to.include({ due_date: '2026-02-01', time_zone: null });
      }
    });

    it('keeps its wall time and its zone', async () => {
      const fields = await read('DUE;TZID=America/Chicago:20260201T183005');
      expect(fields).to.include({ due_date: '2026-02-01T18:30:05', time_zone: 'America/Chicago' });
    });

    it('finds the zone in the names that other programs give it', async () => {
      const names = {
        '/freeassociation.sourceforge.net/Europe/Prague': 'Europe/Prague',
        '/mozilla.org/20050126_1/America/Argentina/Buenos_Aires': 'America/Argentina/Buenos_Aires',
        '"Europe/Prague"': 'Europe/Prague',
        'W. Europe Standard Time': 'Europe/Berlin',
        'Eastern Standard Time': 'America/New_York',
      };
      for (const [name, zone] of Object.entries(names)) {
        const fields = await read(`DUE;TZID=${name}:20260201T180000`);
        expect(fields, name).to.include({ due_date: '2026-02-01T18:00', time_zone: zone });
        expect(fields.lost).to.deep.equal([]);
      }
    });

    it('finds the zone in X-LIC-LOCATION, even of a VTIMEZONE after the task', async () => {
      const zone = ['BEGIN:VTIMEZONE', 'TZID:Prag', 'X-LIC-LOCATION:Europe/Prague', 'END:VTIMEZONE'];
      const task = todo('DUE;TZID=Prag:20260201T180000');
      for (const parts of [
        [...zone, ...task],
        [...task, ...zone],
      ]) {
        const [entry] = await calendarEntries(['BEGIN:VCALENDAR', ...parts, 'END:VCALENDAR'].join('\n'));
        expect(taskOf(entry).fields).to.include({ due_date: '2026-02-01T18:00', time_zone: 'Europe/Prague' });
      }
    });

    it('is kept in UTC, and says so, when only the file defines the zone', async () => {
      for (const [local, utc] of [
        ['20260201T180000', '2026-02-01T17:00'],
        ['20260701T180000', '2026-07-01T16:00'],
      ]) {
        const task = todo(`DUE;TZID=Customized Time Zone:${local ?? ''}`);
        const file = ['BEGIN:VCALENDAR', ...task, ...ownZone, 'END:VCALENDAR'].join('\r\n');
        const { fields, lost } = onlyTask(await calendarEntries(file));
        expect(fields).to.include({ due_date: utc, time_zone: 'UTC' });
        expect(lost).to.deep.equal(['TZID Customized Time Zone: not an IANA zone; the time is kept in UTC']);
      }
    });

    it("is read in the user's zone, and says so, when nothing defines the zone", async () => {
      const fields = await read('DUE;TZID=Nowhere:20260201T180000');
      expect(fields).to.include({ due_date: '2026-02-01T18:00', time_zone: null });
      expect(fields.lost).to.deep.equal(['TZID Nowhere: not a known zone; read as your own']);
    });

    it('is in UTC when it ends in Z, and floats when it names no zone', async () => {
      expect(await read('DUE:20260201T180000Z')).to.include({ due_date: '2026-02-01T18:00', time_zone: 'UTC' });
      expect(await read('DUE:20260201T180000')).to.include({ due_date: '2026-02-01T18:00', time_zone: null });
    });

    it('comes from DTSTART and DURATION, over a clock change too', async () => {
      expect(await read('DTSTART;TZID=Europe/Berlin:20260328T120000', 'DURATION:P1D')).to.include({
        due_date: '2026-03-29T12:00',
      });
      expect(await read('DTSTART;TZID=Europe/Berlin:20260328T120000', 'DURATION:PT24H')).to.include({
        due_date: '2026-03-29T13:00',
      });
      const { due_date, lost } = await read('DTSTART;VALUE=DATE:20260328', 'DURATION:P1W');
      expect(due_date).to.equal('2026-04-04');
      expect(lost).to.deep.equal(['DTSTART']);
    });

    it('is DTSTART when there is no other, and says so', async () => {
      const fields = await read('DTSTART;TZID=Europe/Prague:20260201T180000');
      expect(fields).to.include({ due_date: '2026-02-01T18:00', time_zone: 'Europe/Prague' });
      expect(fields.lost).to.deep.equal(['DTSTART: taken as the due date']);
    });

    it('loses a start that differs from it, and no other', async () => {
      expect((await read('DTSTART;VALUE=DATE:20260201', 'DUE;VALUE=DATE:20260203')).lost).to.deep.equal(['DTSTART']);
      expect((await read('DTSTART;VALUE=DATE:20260201', 'DUE;VALUE=DATE:20260201')).lost).to.deep.equal([]);
    });

    it('stops the entry when it is no date of the calendar', async () => {
      for (const due of ['20260230T100000', '20261301', '20260101T250000', 'tomorrow 9', '20260101T1000']) {
        const entry = rejectionOf((await calendarEntries(calendarOf(`DUE:${due}`)))[0]);
        expect(entry, due).to.include({ code: 'invalid', line: 3 });
        expect(entry.detail).to.match(/^The due date /);
      }
    });
  });

  it('takes the priorities of RFC 5545, and our urgent only beside a 1', async () => {
    const expected = ['none', 'high', 'high', 'high', 'high', 'medium', 'low', 'low', 'low', 'low'];
    for (const [number, priority] of expected.entries()) {
      expect((await read(`PRIORITY:${number}`)).priority, String(number)).to.equal(priority);
    }
    expect((await read('PRIORITY:1', 'X-TODO-CHATBOT-PRIORITY:urgent')).priority).to.equal('urgent');
    expect((await read('PRIORITY:9', 'X-TODO-CHATBOT-PRIORITY:urgent')).priority).to.equal('low');
    expect((await read('PRIORITY:eleven')).priority).to.equal('none');
  });

  it('knows a completed task by STATUS, else by COMPLETED or 100 percent', async () => {
    const done = { status: 'done', completed_at: '2026-02-01T10:00:00.000Z' };
    expect(await read('STATUS:COMPLETED', 'COMPLETED:20260201T100000Z')).to.include(done);
    expect(await read('COMPLETED:20260201T100000Z')).to.include(done);
    expect(await read('COMPLETED:20260201T110000')).to.include(done);
    expect(await read('PERCENT-COMPLETE:100')).to.include({ status: 'done', completed_at: null });
    expect(await read('STATUS:COMPLETED', 'PERCENT-COMPLETE:0')).to.include({ status: 'done' });
    const open = await read('STATUS:NEEDS-ACTION', 'COMPLETED:20260201T100000Z');
    expect(open).to.include({ status: 'open', completed_at: null });
    expect(open.lost).to.deep.equal(['COMPLETED']);
  });

  it('says what of a status has no place', async () => {
    const started = await read('STATUS:IN-PROCESS', 'PERCENT-COMPLETE:40');
    expect(started.status).to.equal('open');
    expect(started.lost).to.deep.equal(['STATUS:IN-PROCESS', 'PERCENT-COMPLETE']);
    const cancelled = await read('STATUS:CANCELLED', 'COMPLETED:20260201T100000Z');
    expect(cancelled).to.include({ status: 'done', completed_at: '2026-02-01T10:00:00.000Z' });
    expect(cancelled.lost).to.deep.equal(['STATUS:CANCELLED']);
  });

  it('reads what was cancelled, and never completed, as skipped', async () => {
    const cancelled = await read('STATUS:CANCELLED');
    expect(cancelled).to.include({ status: 'done', completed_at: null, skipped: true });
    expect(cancelled.lost).to.deep.equal([]);
  });

  it('reads escaped and folded text, in whole characters even where a fold cuts one', async () => {
    const text = Buffer.from('BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nSUMMARY:Caf\u00e9 \\, bar\\; \\\\ 🎉\r\n', 'utf8');
    const cut = text.indexOf(0xc3) + 1;
    const folded = Buffer.concat([text.subarray(0, cut), Buffer.from('\r\n '), text.subarray(cut)]);
    const file = Buffer.concat([
      folded,
      Buffer.from('DESCRIPTION:one\\ntwo\\N\r\n  three\r\n\t four\r\nEND:VTODO\r\nEND:VCALENDAR'),
    ]);
    const { fields } = onlyTask(await calendarEntries(file));
    expect(fields.title).to.equal('Café , bar; \\ 🎉');
    expect(fields.description).to.equal('one\ntwo\n three four');
  });

  it('puts a title of several lines on one', async () => {
    expect((await read('SUMMARY:one\\ntwo\tthree')).title).to.equal('one two three');
  });

  it('takes all CATEGORIES as tags, once each', async () => {
    const { tags } = await read('CATEGORIES:home, work\\, at home,', 'CATEGORIES:home', 'CATEGORIES:');
    expect(tags).to.deep.equal(['home', 'work, at home']);
  });

  it('keeps a rule as it is written, and loses one that is none', async () => {
    const { recurrence } = await read(
      'DUE;VALUE=DATE:20260131',
      'RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD;BYMONTHDAY=31;',
    );
    expect(recurrence).to.deep.equal({
      rule: 'RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD;BYMONTHDAY=31',
      basis: 'due_date',
      catch_up: 'next',
    });
    const lunar = await read('DUE;VALUE=DATE:20260131', 'RRULE:RSCALE=CHINESE;FREQ=YEARLY');
    expect(lunar.recurrence).to.equal(null);
    expect(lunar.lost).to.deep.equal(['RRULE: the value of RSCALE is not allowed: "CHINESE"']);
  });

  it('takes our word for a recurrence only while the rule beside it is still the same', async () => {
    const due = 'DUE;VALUE=DATE:20260131';
    const word = 'X-TODO-CHATBOT-REPEAT:monthly';
    expect((await read(due, 'RRULE:FREQ=MONTHLY;BYMONTHDAY=-1', word)).recurrence).to.equal('monthly');
    expect((await read(due, 'RRULE:FREQ=MONTHLY;INTERVAL=2', word)).recurrence).to.deep.equal({
      rule: 'FREQ=MONTHLY;INTERVAL=2',
      basis: 'due_date',
      catch_up: 'next',
    });
    expect((await read(due, word)).recurrence).to.equal(null);
  });

  describe('its alarms', () => {
    const alarm = (...lines: string[]): string[] => ['BEGIN:VALARM', 'ACTION:DISPLAY', ...lines, 'END:VALARM'];
    const due = 'DUE;TZID=America/Chicago:20260201T180000';

    it('count from the due date, or from the start', async () => {
      expect((await read(due, ...alarm('TRIGGER:-PT15M'))).reminders).to.deep.equal([{ before: 'PT15M' }]);
      expect((await read(due, ...alarm('TRIGGER;RELATED=END:PT0S'))).reminders).to.deep.equal([{ before: 'PT0S' }]);
      const start = 'DTSTART;TZID=America/Chicago:20260201T170000';
      expect((await read(start, due, ...alarm('TRIGGER:-PT15M'))).reminders).to.deep.equal([{ before: 'PT75M' }]);
      expect((await read(start, due, ...alarm('TRIGGER:PT15M'))).reminders).to.deep.equal([{ before: 'PT45M' }]);
    });

    it("are the wall time of the task's zone when they are absolute", async () => {
      const trigger = alarm('TRIGGER;VALUE=DATE-TIME:20260201T230000Z');
      expect((await read(due, ...trigger)).reminders).to.deep.equal([{ at: '2026-02-01T17:00' }]);
      expect((await read(...trigger)).reminders).to.deep.equal([{ at: '2026-02-02T00:00' }]);
    });

    it('at nine on the day of an all-day task are kept, unless it recurs', async () => {
      const day = ['DUE;VALUE=DATE:20260201', ...alarm('TRIGGER:P0DT9H0M0S')];
      expect((await read(...day)).reminders).to.deep.equal([{ at: '2026-02-01T09:00' }]);
      const recurring = await read('RRULE:FREQ=DAILY', ...day);
      expect(recurring.reminders).to.deep.equal([]);
      expect(recurring.lost).to.deep.equal(['VALARM TRIGGER:P0DT9H0M0S']);
    });

    it('say what they lose', async () => {
      const lost = async (...lines: string[]): Promise<readonly string[]> => (await read(due, ...alarm(...lines))).lost;
      expect(await lost('TRIGGER:PT15M')).to.deep.equal(['VALARM TRIGGER:PT15M']);
      expect(await lost('TRIGGER:-PT15M', 'REPEAT:3', 'DURATION:PT5M')).to.deep.equal(['VALARM REPEAT']);
      expect(await lost('TRIGGER:soon')).to.deep.equal(['VALARM TRIGGER:soon']);
      expect(await lost()).to.deep.equal(['VALARM TRIGGER:']);
      expect(await lost('TRIGGER:-PT15M', 'X-APPLE-PROXIMITY:ARRIVE')).to.deep.equal(['VALARM at a place']);
      const email = ['BEGIN:VALARM', 'ACTION:EMAIL', 'TRIGGER:-PT15M', 'END:VALARM'];
      expect((await read(due, ...email)).lost).to.deep.equal(['VALARM ACTION:EMAIL']);
    });

    it('are none where Apple says that there is none', async () => {
      const none = ['BEGIN:VALARM', 'ACTION:NONE', 'TRIGGER;VALUE=DATE-TIME:19760401T005545Z', 'END:VALARM'];
      expect(await read(due, ...none)).to.deep.include({ reminders: [], lost: [] });
    });
  });

  it('names everything else that means something, and nothing that does not', async () => {
    const { lost } = await read(
      'LOCATION:Berlin',
      'URL:https://example.org',
      'GEO:52.5;13.4',
      'CLASS:PRIVATE',
      'RELATED-TO:parent',
      'ATTACH:https://example.org/a.pdf',
      'EXDATE:20260101T000000',
      'ORGANIZER:mailto:a@example.org',
      'COMMENT:hello',
    );
    expect(lost).to.deep.equal([
      ...['LOCATION', 'URL', 'GEO', 'CLASS', 'RELATED-TO', 'ATTACH', 'EXDATE', 'ORGANIZER', 'COMMENT'],
    ]);
    const nothing = ['LOCATION:', 'CLASS:PUBLIC', 'SEQUENCE:3', 'TRANSP:OPAQUE', 'X-APPLE-SORT-ORDER:1', 'LAST-MOD:x'];
    expect((await read(...nothing)).lost).to.deep.equal([]);
  });

  it('loses an attachment of ten megabytes and keeps the task', async () => {
    const pieces = (function* () {
      yield 'BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:';
      for (let megabyte = 0; megabyte < 5; megabyte += 1) yield 'QUJD'.repeat(256 * 1024);
      for (let megabyte = 0; megabyte < 5; megabyte += 1) yield '\r\n QUJD'.repeat(150 * 1024);
      yield '\r\nSUMMARY:Still here\r\nEND:VTODO\r\nEND:VCALENDAR\r\n';
    })();
    const task = onlyTask(await calendarEntries(asynchronously(pieces)));
    expect(task.fields.title).to.equal('Still here');
    expect(task.lost).to.deep.equal(['ATTACH']);
  });

  describe('its name', () => {
    const idOf = async (...lines: string[]): Promise<string> =>
      onlyTask(await calendarEntries(['BEGIN:VTODO', 'SUMMARY:x', ...lines, 'END:VTODO'].join('\n'))).task_id;

    it('is the UID when that is a UUID, and else always the same UUID made of it', async () => {
      expect(await idOf('UID:CB8609CD-8345-46CF-8295-4FDA84050CDB')).to.equal('cb8609cd-8345-46cf-8295-4fda84050cdb');
      expect(await idOf('UID:ymv2zg9t2p')).to.equal('f2db2a09-1915-519b-a0fe-8998c8da5678');
      expect(await idOf('UID:other')).to.not.equal(await idOf('UID:ymv2zg9t2p'));
    });

    it('without a UID is made of the content, and equal entries stay two', async () => {
      const file = [...'ab'].flatMap(() => ['BEGIN:VTODO', 'SUMMARY:x', 'END:VTODO']).join('\n');
      const ids = (await calendarEntries(file)).map((entry) => taskOf(entry).task_id);
      expect(new Set(ids).size).to.equal(2);
      expect((await calendarEntries(file)).map((entry) => taskOf(entry).task_id)).to.deep.equal(ids);
    });

    it('of one changed occurrence is not that of its series', async () => {
      expect(await idOf('UID:1', 'RECURRENCE-ID:20260201T100000Z')).to.not.equal(await idOf('UID:1'));
    });

    it('is refused when the database could not hold it', async () => {
      for (const uid of ['x'.repeat(300), 'a\u0000b']) {
        const [entry] = await calendarEntries(`BEGIN:VTODO\nSUMMARY:x\nUID:${uid}\nEND:VTODO`);
        expect(rejectionOf(entry).code).to.equal('invalid');
      }
    });
  });

  it('has the same digest whatever the bytes were, and another when the content changed', async () => {
    const digest = async (file: string): Promise<string> => onlyTask(await calendarEntries(file)).digest;
    const one = await digest('BEGIN:VTODO\r\nUID:1\r\nSUMMARY:A b\r\nDUE:20260101\r\nEND:VTODO\r\n');
    expect(
      await digest('BEGIN:VTODO\nDUE;VALUE=DATE:20260101\nSUMMARY:A \n b\nDTSTAMP:20260101T000000Z\nUID:1\nEND:VTODO'),
    ).to.equal(one);
    expect(await digest('BEGIN:VTODO\nUID:1\nSUMMARY:A c\nDUE:20260101\nEND:VTODO')).to.not.equal(one);
  });
});

describe('reading a calendar file', () => {
  it('tells events and journals as entries that are no tasks, with their lines', async () => {
    const file = [
      'BEGIN:VCALENDAR',
      'BEGIN:VEVENT',
      'SUMMARY:e',
      'END:VEVENT',
      ...todo(),
      'BEGIN:VJOURNAL',
      'END:VJOURNAL',
    ];
    const entries = await calendarEntries([...file, 'END:VCALENDAR'].join('\n'));
    expect(entries.map(({ kind, line }) => `${line} ${kind}`)).to.deep.equal(['2 rejected', '5 task', '9 rejected']);
    expect(rejectionOf(entries[0])).to.include({ code: 'not_a_task', detail: 'VEVENT: only tasks (VTODO) are taken' });
  });

  it('takes a byte order mark, either line end, blank lines, and a file that ends in the middle of a line end', async () => {
    for (const end of ['\n', '\r\n', '\r\n\r\n']) {
      const file = `\ufeff${['begin:vcalendar', 'Begin:VTodo', 'summary:Test', 'End:VTodo', 'END:VCALENDAR'].join(end)}`;
      expect(onlyTask(await calendarEntries(file)).fields.title).to.equal('Test');
    }
  });

  it('gives no entry for a calendar without any', async () => {
    expect(await calendarEntries('BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n')).to.deep.equal([]);
  });

  it('takes several calendars in one file', async () => {
    expect(await calendarEntries(calendarOf('UID:1') + calendarOf('UID:2'))).to.have.length(2);
  });

  it('refuses as a whole what is no calendar at all', async () => {
    for (const file of ['', 'hello', '<html></html>', '{"a":1}', 'id,title\n1,x']) {
      expect(await failureOf(calendarEntries(file)), file).to.include({ code: 'unreadable' });
    }
    const utf16 = Buffer.from('\ufeffBEGIN:VCALENDAR', 'utf16le');
    expect(await failureOf(calendarEntries(utf16))).to.include({ code: 'unreadable' });
  });
});
