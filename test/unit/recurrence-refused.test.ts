import { expect } from 'chai';
import { slotAfter } from '../../domain/recurrence/calculate.js';
import { recurrenceFault } from '../../domain/recurrence/recurrence-fault.js';
import { firstLocals, recurrenceOf } from '../support/slots.js';

const fault = (rule: string, dueDate: string | null = '2026-11-30T09:00'): string | null =>
  recurrenceFault(recurrenceOf(rule), dueDate, 'Europe/Berlin');

/** Rules that look as if they meant something, with what makes them never match. */
const never: [string, string][] = [
  ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'BYMONTH=2 and BYMONTHDAY=30 together'],
  ['FREQ=MONTHLY;BYMONTH=4,6,9,11;BYMONTHDAY=31', 'BYMONTH=4,6,9,11 and BYMONTHDAY=31 together'],
  ['FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30', 'BYMONTH=2 and BYMONTHDAY=30 together'],
  ['FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30', 'BYMONTH=2 and BYMONTHDAY=30 together'],
  ['FREQ=DAILY;BYMONTH=2;BYMONTHDAY=-30', 'BYMONTH=2 and BYMONTHDAY=-30 together'],
  ['FREQ=YEARLY;BYYEARDAY=366;BYMONTH=11', 'BYYEARDAY=366 and BYMONTH=11 together'],
  ['FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=9', 'BYDAY=1MO and BYMONTHDAY=9 together'],
  ['FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6', 'BYSETPOS=6 never'],
  ['FREQ=DAILY;BYHOUR=9;BYSETPOS=2', 'BYSETPOS=2 never'],
  // Counted from a Monday.
  ['FREQ=DAILY;INTERVAL=7;BYDAY=TU', 'INTERVAL=7 and BYDAY=TU together'],
  ['FREQ=HOURLY;INTERVAL=4;BYHOUR=10', 'INTERVAL=4 and BYHOUR=10 together'],
  ['FREQ=SECONDLY;INTERVAL=7;BYDAY=MO;BYHOUR=9;BYMINUTE=0;BYSECOND=3', 'INTERVAL=7, BYDAY=MO'],
  ['FREQ=YEARLY;INTERVAL=100;BYYEARDAY=366', 'INTERVAL=100 and BYYEARDAY=366 together'],
];

/** What RFC 5545 section 3.3.10 says MUST NOT be, and what is no rule. */
const forbidden: [string, string][] = [
  ['FREQ=WEEKLY;BYMONTHDAY=1', 'BYMONTHDAY must not stand with FREQ=WEEKLY'],
  ['FREQ=MONTHLY;BYYEARDAY=1', 'BYYEARDAY must not stand with FREQ=MONTHLY'],
  ['FREQ=DAILY;BYWEEKNO=1', 'BYWEEKNO must not stand with FREQ=DAILY'],
  ['FREQ=WEEKLY;BYDAY=1MO', 'a number in BYDAY means nothing with FREQ=WEEKLY'],
  ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO,1TU', 'BYDAY must not have a number where BYWEEKNO stands'],
  ['FREQ=DAILY;BYSETPOS=1', 'BYSETPOS picks from what another BY part gives'],
  ['FREQ=MONTHLY;BYDAY=0MO', 'the value of BYDAY is not allowed'],
  ['FREQ=DAILY;UNTIL=20270230', 'the value of UNTIL is not allowed'],
  ['RSCALE=CHINESE;FREQ=YEARLY', 'the value of RSCALE is not allowed'],
];

describe('a recurrence is refused at the door', () => {
  for (const [rule, named] of never) {
    it(`when it never matches, naming what makes it so: ${rule}`, () => {
      expect(fault(rule)).to.include(named);
      expect(fault(rule)).to.match(/never match(?:es)? before the year 10000/);
      expect(firstLocals(rule, '2026-11-30T09:00', 'Europe/Berlin', 1)).to.deep.equal([]);
    });
  }

  for (const [rule, named] of forbidden) {
    it(`when RFC 5545 does not have it: ${rule}`, () => {
      expect(fault(rule)).to.include(named);
    });
  }

  it('when nothing comes after the due date before the year 10000', () => {
    expect(fault('FREQ=YEARLY;INTERVAL=9000')).to.include('INTERVAL=9000');
    expect(fault('FREQ=MONTHLY;INTERVAL=100000')).to.include('INTERVAL=100000');
    expect(fault('FREQ=YEARLY;INTERVAL=9000;COUNT=1')).to.equal(null);
  });

  it('when UNTIL lies before its first slot', () => {
    expect(fault('FREQ=DAILY;UNTIL=20261129T000000Z')).to.include('UNTIL=20261129T000000Z');
    expect(fault('FREQ=WEEKLY;BYDAY=FR;UNTIL=20261203')).to.include('UNTIL=20261203');
    expect(fault('FREQ=DAILY;UNTIL=20261130T080000Z')).to.equal(null);
  });

  it('when it counts hours from a date', () => {
    expect(fault('FREQ=HOURLY', '2026-11-30')).to.equal('FREQ=HOURLY needs a due date with a time');
  });

  it('and without a due date, only when no due date could make it match', () => {
    expect(fault('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', null)).to.include('BYMONTHDAY=30');
    for (const rule of [
      'FREQ=DAILY;INTERVAL=7;BYDAY=TU',
      'FREQ=YEARLY;INTERVAL=100;BYYEARDAY=366',
      'FREQ=HOURLY',
      'monthly',
    ]) {
      expect(fault(rule, null), rule).to.equal(null);
    }
  });

  it('and never for being rare', () => {
    for (const rule of [
      'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU',
      'FREQ=YEARLY;INTERVAL=400;BYMONTH=2;BYMONTHDAY=29',
      'FREQ=YEARLY;BYWEEKNO=53;BYMONTH=1;BYMONTHDAY=3',
      'FREQ=MINUTELY;INTERVAL=1439;BYHOUR=9;BYMINUTE=0',
    ]) {
      expect(fault(rule, '2000-02-29T09:00'), rule).to.equal(null);
    }
  });
});

describe('no rule keeps the process busy', () => {
  const hours = Array.from({ length: 24 }, (_, hour) => hour).join();
  const sixty = Array.from({ length: 60 }, (_, number) => number).join();
  const absurd = [
    ...never.map(([rule]) => rule),
    `FREQ=DAILY;BYHOUR=${hours};BYMINUTE=${sixty};BYSECOND=${sixty};BYSETPOS=366`,
    `FREQ=YEARLY;BYMINUTE=${sixty};BYSECOND=${sixty};BYSETPOS=-366`,
    'FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=7;BYSECOND=9',
    'FREQ=SECONDLY;INTERVAL=99999;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU;BYHOUR=3',
    'FREQ=HOURLY;BYHOUR=9;BYDAY=MO;COUNT=1000000',
    'FREQ=MINUTELY;INTERVAL=7;BYMINUTE=0,30;BYDAY=MO;COUNT=1000000',
    'FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=1000000',
    'FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD;COUNT=1000000',
    'FREQ=WEEKLY;BYMONTH=2;COUNT=1000000',
  ];
  // Milliseconds are for the benchmark to measure; a rule without a bound on its work would take minutes.
  for (const rule of absurd) {
    it(`however absurd: ${rule.slice(0, 80)}`, function () {
      this.timeout(5000);
      fault(rule);
      slotAfter(recurrenceOf(rule), '2026-11-30T09:00', 'Europe/Berlin', '9998-01-01T00:00');
    });
  }
});
