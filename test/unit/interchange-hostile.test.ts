import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import type { ImportEntry } from '../../domain/interchange/import-entry.js';
import { readCsv } from '../../domain/interchange/csv/read-csv.js';
import { readCalendar } from '../../domain/interchange/icalendar/read-calendar.js';
import {
  asynchronously,
  calendarEntries,
  csvEntries,
  inPieces,
  rejectionOf,
  taskOf,
  todo,
} from '../support/interchange.js';

const good = ['BEGIN:VTODO', 'UID:good', 'SUMMARY:Good', 'END:VTODO'];

/** What becomes of a broken entry that stands between two good ones. */
async function between(broken: readonly string[] | Uint8Array): Promise<ImportEntry[]> {
  const middle = broken instanceof Uint8Array ? broken : Buffer.from(broken.join('\r\n') + '\r\n');
  const start = Buffer.from(['BEGIN:VCALENDAR', ...good, ''].join('\r\n'));
  const end = Buffer.from([...good, 'END:VCALENDAR', ''].join('\r\n'));
  return calendarEntries(Buffer.concat([start, middle, end]));
}

async function expectOnlyItself(broken: readonly string[] | Uint8Array, code: string, detail: RegExp): Promise<void> {
  const entries = await between(broken);
  expect(entries.map(({ kind }) => kind)).to.deep.equal(['task', 'rejected', 'task']);
  const entry = rejectionOf(entries[1]);
  expect(entry).to.include({ code, line: 6 });
  expect(entry.detail).to.match(detail);
  expect(entry.detail.length).to.be.at.most(300);
}

describe('a bad entry of a calendar stops only itself', () => {
  const deep = Array.from({ length: 5000 }, (_, index) => `X-${index}`);
  const cases: Record<string, [readonly string[], string, RegExp]> = {
    'without a title': [['BEGIN:VTODO', 'UID:1', 'END:VTODO'], 'invalid', /title must not be empty/],
    'with an empty title': [todo('SUMMARY:  '), 'invalid', /title must not be empty/],
    'with a title of 501 characters': [todo(`SUMMARY:${'x'.repeat(501)}`), 'invalid', /title must not be longer/],
    'with a description over 16 KiB': [todo(`DESCRIPTION:${'ü'.repeat(9000)}`), 'invalid', /description must not be/],
    'with a description over 64 KiB': [
      todo(`DESCRIPTION:${'x'.repeat(70_000)}`),
      'payload_too_large',
      /DESCRIPTION is too long/,
    ],
    'with a folded description over 64 KiB': [
      todo('DESCRIPTION:x', ...Array.from({ length: 1000 }, () => ` ${'x'.repeat(70)}`)),
      'payload_too_large',
      /DESCRIPTION is too long/,
    ],
    'with a tag of 51 characters': [todo(`CATEGORIES:${'x'.repeat(51)}`), 'invalid', /tags\/0/],
    'with 51 tags': [
      todo(`CATEGORIES:${Array.from({ length: 51 }, (_, index) => index).join(',')}`),
      'invalid',
      /tags must not have more/,
    ],
    'with control characters': [todo('SUMMARY:a\u0007b'), 'invalid', /control characters/],
    'with a line that is none': [todo('this is no property'), 'unreadable', /this is no property/],
    'with an open quotation mark': [todo('DUE;TZID="Europe/Berlin:20260101T100000'), 'unreadable', /double quote/],
    'with half a character': [todo('SUMMARY;VALUE=DATE-TIME:x\u{10000}\u{10000}'), 'invalid', /half of a surrogate/],
    'that never ends': [['BEGIN:VTODO', 'SUMMARY:x'], 'unreadable', /never ends/],
    'that ends as something else': [
      ['BEGIN:VTODO', 'SUMMARY:x', 'BEGIN:VALARM', 'END:VTODO', 'END:VTODO'],
      'unreadable',
      /Line 9 says END:VTODO where END:VALARM is due/,
    ],
    'of components in components': [
      todo(...deep.map((name) => `BEGIN:${name}`), ...deep.reverse().map((name) => `END:${name}`)),
      'unreadable',
      /more than 8 deep/,
    ],
    'larger than 256 KiB': [
      todo(...Array.from({ length: 300 }, (_, index) => `X-${index}:${'x'.repeat(1000)}`)),
      'payload_too_large',
      /larger than 262144 bytes/,
    ],
    'of vCalendar 1.0 with quoted-printable lines': [
      todo('DESCRIPTION;ENCODING=QUOTED-PRINTABLE:one=0D=0A=', 'two=0D=0A'),
      'unreadable',
      /two=0D=0A/,
    ],
  };

  for (const [what, [lines, code, detail]] of Object.entries(cases)) {
    it(what, () => expectOnlyItself(lines, code, detail));
  }

  it('in another charset than UTF-8', () =>
    expectOnlyItself(Buffer.from(`${todo('SUMMARY:Caf\u00e9').join('\r\n')}\r\n`, 'latin1'), 'unreadable', /UTF-8/));

  it('named like what every object has', async () => {
    for (const name of ['CONSTRUCTOR', '__PROTO__', 'TOSTRING', 'HASOWNPROPERTY']) {
      const entries = await between(
        todo(`${name};${name}=x:y`, `BEGIN:${name.replaceAll('_', '-')}`, `END:${name.replaceAll('_', '-')}`),
      );
      expect(entries, name).to.have.length(3);
      expect(taskOf(entries[2]).fields.title).to.equal('Good');
    }
  });

  it('cut off by the end of the file', async () => {
    const entries = await calendarEntries(['BEGIN:VCALENDAR', ...good, 'BEGIN:VTODO', 'SUMM'].join('\n'));
    expect(taskOf(entries[0]).fields.title).to.equal('Good');
    expect(rejectionOf(entries[1])).to.include({ code: 'unreadable', line: 6 });
  });
});

describe('a hostile zone', () => {
  const zoneOf = (rule: string): string[] => [
    ...['BEGIN:VTIMEZONE', 'TZID:Evil', 'BEGIN:STANDARD', 'DTSTART:16010101T000000', `RRULE:${rule}`],
    ...['TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200', 'END:STANDARD', 'END:VTIMEZONE'],
  ];

  it('is not expanded', async () => {
    const rules = [
      'FREQ=SECONDLY',
      'FREQ=YEARLY;BYSECOND=1,2,3;BYMONTH=1;BYDAY=1SU',
      'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
      'FREQ=YEARLY;BYMONTH=1,2,3;BYDAY=1SU',
      'FREQ=YEARLY',
    ];
    for (const rule of rules) {
      const file = ['BEGIN:VCALENDAR', ...zoneOf(rule), ...todo('DUE;TZID=Evil:20260101T100000'), 'END:VCALENDAR'];
      const [entry] = await calendarEntries(file.join('\n'));
      expect(taskOf(entry).lost, rule).to.deep.equal(['TZID Evil: not a known zone; read as your own']);
    }
  });

  it('does not reach beyond the years that zones are known for', async () => {
    const file = [...zoneOf('FREQ=YEARLY;BYMONTH=1;BYDAY=1SU'), ...todo('DUE;TZID=Evil:99990101T100000')];
    const [entry] = await calendarEntries(file.join('\n'));
    expect(taskOf(entry).fields).to.include({ due_date: '9999-01-01T10:00', time_zone: null });
  });
});

describe('a file of nonsense', () => {
  const text = fc.oneof(
    fc.constantFrom(
      '',
      'P',
      '-P',
      'PT',
      '-PT15M',
      'P9999W',
      'P9W',
      '+PT0S',
      'TRUE',
      '99',
      '-1',
      '1e9',
      '\\',
      '\\n',
      ';',
      ':',
    ),
    fc.constantFrom('20260101', '20260101T100000Z', '99991231T235959', '00010101T000000Z', '00000000T000000', '2026'),
    fc.constantFrom(
      'FREQ=DAILY',
      'FREQ=',
      'FREQ=YEARLY;UNTIL=',
      'BYDAY=9XX',
      'FREQ=SECONDLY',
      'FREQ=YEARLY;BYMONTH=2;BYDAY=5MO',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const names = [
    ...['SUMMARY', 'DESCRIPTION', 'DUE', 'DTSTART', 'DURATION', 'RRULE', 'PRIORITY', 'STATUS', 'COMPLETED', 'CREATED'],
    ...['CATEGORIES', 'UID', 'TRIGGER', 'REPEAT', 'ACTION', 'TZID', 'X-LIC-LOCATION', 'TZOFFSETFROM', 'TZOFFSETTO'],
    ...['RDATE', 'RECURRENCE-ID', 'GEO', 'ATTENDEE', 'X-TODO-CHATBOT-TIME-ZONE', 'X-TODO-CHATBOT-REPEAT', '', 'é'],
  ];
  const parameters = fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    fc.constantFrom(';TZID=Evil', ';TZID=Europe/Berlin', ';VALUE=DATE', ';VALUE=DATE-TIME', ';RELATED=END', ';'),
    fc.constantFrom(
      ';VALUE=PERIOD',
      ';VALUE=X',
      ';X-TODO-CHATBOT-AT=2026',
      ';X-TODO-CHATBOT-MS=999',
      ';=',
      ';A="',
      ';A=^n',
    ),
  );
  const line = fc.oneof(
    fc.tuple(fc.constantFrom(...names), parameters, text).map(([name, extra, value]) => `${name}${extra}:${value}`),
    fc.constantFrom(
      'BEGIN:VALARM',
      'END:VALARM',
      'BEGIN:STANDARD',
      'END:STANDARD',
      'BEGIN:VEVENT',
      'END:VEVENT',
      ' folded',
    ),
    text,
  );
  const component = fc
    .tuple(fc.constantFrom('VTODO', 'VTIMEZONE'), fc.array(line, { maxLength: 12 }))
    .map(([name, lines]) => [`BEGIN:${name}`, ...lines, `END:${name}`]);
  const offsets = 'TZOFFSETFROM:+0100\nTZOFFSETTO:+0200';
  const evil = text.map((rule) => [
    ...['BEGIN:VTIMEZONE', 'TZID:Evil', 'BEGIN:STANDARD', 'DTSTART:16010101T000000', offsets, `RRULE:${rule}`],
    ...['END:STANDARD', 'END:VTIMEZONE'],
  ]);

  it('as a calendar never stops the tasks around it', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(component, evil), { maxLength: 6 }), async (components) => {
        const entries = await between(Buffer.from(`${components.flat().join('\n')}\n`));
        const names = entries.map((entry) => (entry.kind === 'task' ? entry.source_id : ''));
        expect(names.filter((name) => name === 'good')).to.have.length(2);
      }),
      { numRuns: 500 },
    );
  });

  it('as CSV never stops the reader', async function () {
    this.timeout(60_000);
    const cell = fc.oneof(
      text,
      fc.constantFrom('"', '""', '"x"', ',', ';', '\n', '\r\n', "'", '{', '[', '{"rule":1}', 'task', 'note'),
    );
    const headers = [
      'id,title,status,due_date,tags,recurrence,reminders,created_at',
      'TYPE,CONTENT,DESCRIPTION,PRIORITY,DATE,TIMEZONE',
      'List Name,Title,Content,Due Date,Status,taskId,Is All Day,Timezone,Repeat,Reminder,Created Time',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...headers),
        fc.array(fc.array(cell, { maxLength: 12 })),
        async (header, rows) => {
          const file = `${header}\n${rows.map((cells) => cells.join(',')).join('\n')}`;
          for (const entry of await csvEntries(file)) expect(entry.line).to.be.above(1);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a bad row of a CSV file stops only itself', () => {
  const header = 'id,title,status,due_date\n';
  const cases: Record<string, [string, string, RegExp, number]> = {
    'without a title': ['1,,open,\n', 'invalid', /title/, 2],
    'with too many cells': ['1,x,open,,,,,more\n', 'unreadable', /8 cells, the header 4/, 2],
    'with a quotation mark inside a cell': ['1,5" screen,open,\n', 'unreadable', /quotation mark/, 2],
    'with text after a closing quotation mark': ['1,"a" b,open,"2026-01-01"\n', 'unreadable', /quotation mark/, 2],
    'larger than 256 KiB in one line': [`1,${'x'.repeat(300_000)},open,\n`, 'payload_too_large', /262144 bytes/, 2],
    'larger than 256 KiB in one quoted cell': [
      `1,"${'x'.repeat(300_000)}",open,\n`,
      'payload_too_large',
      /262144 bytes/,
      2,
    ],
    'larger than 256 KiB in many lines': [
      `1,"${'x\n'.repeat(200_000)}",open,\n`,
      'payload_too_large',
      /262144 bytes/,
      2,
    ],
    'of commas alone, half a million': [`${','.repeat(500_000)}\n`, 'payload_too_large', /262144 bytes/, 2],
  };
  for (const [what, [row, code, detail, line]] of Object.entries(cases)) {
    it(what, async () => {
      const entries = await csvEntries(`${header}${row}2,Good,open,\n`);
      expect(entries.map(({ kind }) => kind)).to.deep.equal(['rejected', 'task']);
      const entry = rejectionOf(entries[0]);
      expect(entry).to.include({ code, line });
      expect(entry.detail).to.match(detail);
      expect(taskOf(entries[1]).fields.title).to.equal('Good');
    });
  }

  it('in another charset than UTF-8', async () => {
    const entries = await csvEntries(Buffer.from(`${header}1,Caf\u00e9,open,\n2,Good,open,\n`, 'latin1'));
    expect(rejectionOf(entries[0])).to.include({ code: 'unreadable', line: 2 });
    expect(taskOf(entries[1]).fields.title).to.equal('Good');
  });

  it('whose quotation mark is missing takes no more than the next row with it', async () => {
    const rows = ['"1","Broken,"open",""', '"2","Good","open",""', '"3","Better","open",""'];
    const entries = await csvEntries(header + rows.join('\n'));
    expect(entries.some(({ kind, line }) => kind === 'rejected' && line === 2)).to.equal(true);
    expect(taskOf(entries.at(-1)).fields.title).to.equal('Better');
  });

  it('that is still open when the file ends', async () => {
    const entries = await csvEntries(`${header}1,Good,open,\n2,"never closed,open,\n3,x,open,`);
    expect(taskOf(entries[0]).fields.title).to.equal('Good');
    expect(rejectionOf(entries[1])).to.include({ code: 'unreadable', line: 3 });
  });
});

describe('a file of 100,000 tasks', () => {
  const count = 100_000;
  const zone = 'BEGIN:VTIMEZONE\r\nTZID:Late\r\nX-LIC-LOCATION:Europe/Prague\r\nEND:VTIMEZONE\r\n';

  function* calendar(): Generator<string> {
    yield 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\n';
    for (let index = 0; index < count; index += 1) {
      // The first megabytes wait for their zone, which stands at the end.
      const zone = index < 60_000 ? 'Late' : 'Europe/Prague';
      yield `BEGIN:VTODO\r\nUID:task-${index}\r\nSUMMARY:Task ${index}\r\nDUE;TZID=${zone}:20260101T100000\r\n`;
      yield `DESCRIPTION:${'text '.repeat(40)}\r\nEND:VTODO\r\n`;
    }
    yield `${zone}END:VCALENDAR\r\n`;
  }

  function* table(): Generator<string> {
    yield 'id,title,status,due_date\r\n';
    for (let index = 0; index < count; index += 1)
      yield `task-${index},"Task\t${index} ${'text '.repeat(40)}",open,\r\n`;
  }

  /** The tasks read, and by how much the memory in use grew at most on the way, in bytes. */
  async function measure(entries: AsyncIterable<ImportEntry>): Promise<{ tasks: number; growth: number }> {
    let tasks = 0;
    let growth = 0;
    const before = used();
    for await (const entry of entries) {
      tasks += entry.kind === 'task' ? 1 : 0;
      if (tasks % 10_000 === 0) growth = Math.max(growth, used() - before);
    }
    return { tasks, growth };
  }

  const bound = 24 * 1024 * 1024;
  // Garbage is no growth: it is collected before each look.
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  function used(): number {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }

  it('is read from iCalendar in memory that does not grow with it', async function () {
    this.timeout(300_000);
    const { tasks, growth } = await measure(readCalendar(asynchronously(calendar()), { userZone: 'UTC' }));
    expect(tasks).to.equal(count);
    expect(growth).to.be.below(bound);
  });

  it('is read from CSV in memory that does not grow with it', async function () {
    this.timeout(300_000);
    const { tasks, growth } = await measure(readCsv(asynchronously(table()), { userZone: 'UTC' }));
    expect(tasks).to.equal(count);
    expect(growth).to.be.below(bound);
  });

  it('stops reading when nobody wants more of it', async () => {
    let closed = false;
    const endless = (function* () {
      try {
        yield 'BEGIN:VCALENDAR\n';
        for (;;) yield 'BEGIN:VTODO\nSUMMARY:x\nEND:VTODO\n';
      } finally {
        closed = true;
      }
    })();
    for await (const entry of readCalendar(asynchronously(endless), { userZone: 'UTC' })) {
      expect(entry.kind).to.equal('task');
      break;
    }
    expect(closed).to.equal(true);
  });

  it('is the same in pieces of any size', async () => {
    const file = ['\ufeffBEGIN:VCALENDAR', ...todo('SUMMARY:Café 🎉', 'DESCRIPTION:a', ' b'), 'END:VCALENDAR'].join(
      '\r\n',
    );
    const [whole] = await calendarEntries(inPieces(file, 10_000));
    for (const size of [1, 2, 3, 5, 64]) expect((await calendarEntries(inPieces(file, size)))[0]).to.deep.equal(whole);
  });
});
