import { expect } from 'chai';
import { slotAfter, type Slot } from '../../domain/recurrence/calculate.js';
import { toInstant } from '../../domain/dates/local-date.js';
import { firstLocals, firstSlots, recurrenceOf } from '../support/slots.js';

const berlin = 'Europe/Berlin';
const next = (rule: string, anchor: string, after: string, zone = berlin): Slot | null =>
  slotAfter(recurrenceOf(rule), anchor, zone, after);

describe('slots over clock changes', () => {
  it('stay at their wall time, and their instants move', () => {
    expect(firstSlots('daily', '2027-03-27T09:00', berlin, 2).map(({ utc }) => utc)).to.deep.equal([
      '2027-03-27T08:00:00Z',
      '2027-03-28T07:00:00Z',
    ]);
  });

  it('move forward by the gap where their time does not exist, and are back the day after', () => {
    expect(firstSlots('daily', '2027-03-27T02:30', berlin, 3)).to.deep.equal([
      { local: '2027-03-27T02:30', utc: '2027-03-27T01:30:00Z', shifted: false },
      { local: '2027-03-28T03:30', utc: '2027-03-28T01:30:00Z', shifted: true },
      { local: '2027-03-29T02:30', utc: '2027-03-29T00:30:00Z', shifted: false },
    ]);
  });

  it('are the first of two where their time comes twice', () => {
    expect(firstSlots('daily', '2026-10-24T02:30', berlin, 2)[1]).to.deep.equal({
      local: '2026-10-25T02:30',
      utc: '2026-10-25T00:30:00Z',
      shifted: false,
    });
  });

  it('move by half an hour where the clock does', () => {
    expect(firstLocals('daily', '2026-10-03T02:15', 'Australia/Lord_Howe', 2)[1]).to.equal('2026-10-04T02:45*');
  });

  it('move by a day where a zone lost one, and stand there once', () => {
    const found = firstLocals('daily', '2011-12-28T09:00', 'Pacific/Apia', 4);
    expect(found).to.deep.equal(['2011-12-28T09:00', '2011-12-29T09:00', '2011-12-31T09:00', '2012-01-01T09:00']);
    expect(firstLocals('weekly', '2011-12-23T09:00', 'Pacific/Apia', 2)[1]).to.equal('2011-12-31T09:00*');
  });

  it('of hours and minutes count on the wall: the hour that is left out gives none, and one that comes twice gives one', () => {
    expect(firstLocals('FREQ=HOURLY', '2027-03-28T00:30', berlin, 4)).to.deep.equal([
      '2027-03-28T00:30',
      '2027-03-28T01:30',
      '2027-03-28T03:30',
      '2027-03-28T04:30',
    ]);
    expect(firstSlots('FREQ=HOURLY', '2026-10-25T01:30', berlin, 3).map(({ utc }) => utc)).to.deep.equal([
      '2026-10-24T23:30:00Z',
      '2026-10-25T00:30:00Z',
      '2026-10-25T02:30:00Z',
    ]);
  });

  it('that moved come in order with those that did not, each time once', () => {
    const found = firstLocals('FREQ=MINUTELY;INTERVAL=25', '2027-03-28T01:50', berlin, 6);
    // 02:15 and 02:40 move to 03:15 and 03:40, between and onto 03:05, 03:30 and 03:55.
    expect(found).to.deep.equal([
      '2027-03-28T01:50',
      '2027-03-28T03:05',
      '2027-03-28T03:15*',
      '2027-03-28T03:30',
      '2027-03-28T03:40*',
      '2027-03-28T03:55',
    ]);
    for (const [index, local] of found.slice(1).entries()) {
      const before = found[index]?.replace('*', '') ?? '';
      const slot = next('FREQ=MINUTELY;INTERVAL=25', '2027-03-28T01:50', before);
      expect(`${slot?.local ?? ''}${slot?.shifted ? '*' : ''}`, `after ${before}`).to.equal(local);
    }
  });

  it('move each time, where each stands in a gap', () => {
    expect(firstLocals('FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU', '2026-03-29T02:30', berlin, 4)).to.deep.equal([
      '2026-03-29T03:30*',
      '2027-03-28T03:30*',
      '2028-03-26T03:30*',
      '2029-03-25T03:30*',
    ]);
  });

  it('that moved are found from a moment between their own time and where they moved to', () => {
    const rule = 'FREQ=DAILY;BYHOUR=2,9;BYMINUTE=30';
    const moved = { local: '2027-03-28T03:30', utc: '2027-03-28T01:30:00Z', shifted: true };
    for (const after of ['2027-03-27T09:30', '2027-03-28T01:59', '2027-03-28T03:10']) {
      expect(next(rule, '2027-01-01T02:30', after), after).to.deep.equal(moved);
    }
    expect(next(rule, '2027-01-01T02:30', '2027-03-28T03:30')?.local).to.equal('2027-03-28T09:30');
  });

  it('of dates know no clock', () => {
    expect(firstSlots('daily', '2011-12-29', 'Pacific/Apia', 3)).to.deep.equal([
      { local: '2011-12-29', utc: null, shifted: false },
      { local: '2011-12-30', utc: null, shifted: false },
      { local: '2011-12-31', utc: null, shifted: false },
    ]);
  });

  it('are the same instants that the dates of a task have, in any year', () => {
    for (const zone of [berlin, 'America/New_York', 'Africa/Casablanca', 'America/Sao_Paulo', 'Pacific/Apia', 'UTC']) {
      for (const year of [
        '0001',
        '0999',
        '1893',
        '1945',
        '2011',
        '2026',
        '2099',
        '2100',
        '2101',
        '2400',
        '7777',
        '9998',
      ]) {
        const rule = 'FREQ=YEARLY;BYMONTH=1,3,4,5,7,10,11;BYMONTHDAY=1,8,14,27,28,29,30,31;BYHOUR=0,2,12';
        for (const { local, utc } of firstSlots(rule, `${year}-01-01T00:00`, zone, 130)) {
          expect(utc, `${local} in ${zone}`).to.equal(
            new Date(toInstant(local, zone)).toISOString().replace('.000Z', 'Z'),
          );
        }
      }
    }
  });
});

describe('the end of a series', () => {
  it('is the slot that COUNT says, wherever it is asked from', () => {
    expect(firstLocals('FREQ=DAILY;COUNT=3', '2026-01-01T09:00', berlin, 9)).to.have.length(3);
    expect(next('FREQ=DAILY;COUNT=3', '2026-01-01T09:00', '2026-01-02T09:00')?.local).to.equal('2026-01-03T09:00');
    expect(next('FREQ=DAILY;COUNT=3', '2026-01-01T09:00', '2026-01-03T09:00')).to.equal(null);
    expect(next('FREQ=DAILY;COUNT=100000', '2026-01-01', '2299-10-15')?.local).to.equal('2299-10-16');
    expect(next('FREQ=DAILY;COUNT=100000', '2026-01-01', '2299-10-16')).to.equal(null);
  });

  it('is counted from the first slot that the rule gives, which need not be the start', () => {
    expect(firstLocals('FREQ=WEEKLY;BYDAY=MO;COUNT=2', '2026-11-25', berlin, 9)).to.deep.equal([
      '2026-11-30',
      '2026-12-07',
    ]);
  });

  for (const rule of [
    'FREQ=DAILY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR',
    'FREQ=DAILY;BYDAY=SA;BYHOUR=9,17',
    'FREQ=WEEKLY;BYDAY=MO,TH;BYMONTH=3,10',
    'FREQ=WEEKLY;INTERVAL=3;BYDAY=FR,SU',
    'FREQ=MONTHLY;BYMONTHDAY=1,31;SKIP=FORWARD',
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1',
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29',
    'FREQ=HOURLY;INTERVAL=7;BYDAY=SA',
    'FREQ=HOURLY;INTERVAL=30;BYHOUR=1,7',
    'FREQ=MINUTELY;INTERVAL=17;BYHOUR=2,3',
    'FREQ=MINUTELY;INTERVAL=1441;BYMONTH=1,2',
    'FREQ=SECONDLY;INTERVAL=97;BYSECOND=7',
    'FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3',
  ]) {
    it(`is found by counting days and years as by counting slots: ${rule}`, () => {
      for (const count of [1, 2, 60, 700]) {
        const walked = firstLocals(rule, '2026-01-31T17:30', 'UTC', count);
        const end = walked.at(-1) ?? '';
        const counted = `${rule};COUNT=${count}`;
        expect(firstLocals(counted, '2026-01-31T17:30', 'UTC', count + 1), counted).to.deep.equal(walked);
        expect(next(counted, '2026-01-31T17:30', end, 'UTC'), counted).to.equal(null);
        const before = walked.at(-2);
        if (before) expect(next(counted, '2026-01-31T17:30', before, 'UTC')?.local, counted).to.equal(end);
      }
    });
  }

  it('is found beyond the 400 years after which the calendar repeats itself', () => {
    const monday = (weeks: number): string =>
      new Date(Date.UTC(2026, 0, 5) + weeks * 604_800_000).toISOString().slice(0, 10);
    for (const rule of [
      'FREQ=WEEKLY;BYDAY=MO',
      'FREQ=DAILY;BYDAY=MO',
      'FREQ=MONTHLY;BYDAY=MO',
      'FREQ=YEARLY;BYDAY=MO',
    ]) {
      const counted = `${rule};COUNT=100000`;
      expect(next(counted, '2026-01-05', monday(99_998))?.local, rule).to.equal(monday(99_999));
      expect(next(counted, '2026-01-05', monday(99_999)), rule).to.equal(null);
    }
  });

  it('includes what UNTIL says: an instant, a wall time or the whole of a day', () => {
    const last = (until: string): string | undefined =>
      firstLocals(`FREQ=DAILY;UNTIL=${until}`, '2026-12-22T09:00', berlin, 9).at(-1);
    expect(last('20261224T080000Z')).to.equal('2026-12-24T09:00');
    expect(last('20261224T075959Z')).to.equal('2026-12-23T09:00');
    expect(last('20261224T090000')).to.equal('2026-12-24T09:00');
    expect(last('20261224T085959')).to.equal('2026-12-23T09:00');
    expect(last('20261224')).to.equal('2026-12-24T09:00');
    expect(firstLocals('FREQ=DAILY;UNTIL=20261224', '2026-12-23', berlin, 9)).to.deep.equal([
      '2026-12-23',
      '2026-12-24',
    ]);
  });

  it('is at the latest that of the year 9999', () => {
    expect(firstLocals('yearly', '9998-06-01', berlin, 9)).to.deep.equal(['9998-06-01', '9999-06-01']);
    expect(firstLocals('FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD', '9999-11-01T09:00', berlin, 9)).to.deep.equal([
      '9999-12-01T09:00',
      '9999-12-31T09:00',
    ]);
  });
});

describe('a slot far into a series', () => {
  const rules = [
    'daily',
    'FREQ=DAILY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9,17',
    'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=SU',
    'FREQ=WEEKLY;BYDAY=MO,TH;BYMONTH=3,10',
    'FREQ=MONTHLY;BYDAY=-1FR',
    'FREQ=MONTHLY;BYMONTHDAY=1,31;SKIP=FORWARD',
    'FREQ=MONTHLY;BYMONTHDAY=-31;SKIP=BACKWARD',
    'FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO,SU',
    'FREQ=HOURLY;INTERVAL=7;BYDAY=SA',
    'FREQ=MINUTELY;INTERVAL=17;BYHOUR=2,3',
    'FREQ=MINUTELY;INTERVAL=25;COUNT=3000',
  ];
  for (const rule of rules) {
    it(`is the one that walking there finds: ${rule}`, () => {
      const walked = firstLocals(rule, '2026-01-31T02:30', berlin, 3000).map((local) => local.replace('*', ''));
      for (let index = 0; index + 1 < walked.length; index += 97) {
        expect(next(rule, '2026-01-31T02:30', walked[index] ?? '')?.local).to.equal(walked[index + 1]);
      }
    });
  }

  it('is the same on the other side of the 400 years after which the calendar repeats itself', () => {
    const near = next('FREQ=MONTHLY;BYDAY=2TU', '2026-01-13T09:00', '2226-07-01T00:00');
    const far = next('FREQ=MONTHLY;BYDAY=2TU', '2026-01-13T09:00', '9826-07-01T00:00');
    expect([near?.local, far?.local]).to.deep.equal(['2226-07-11T09:00', '9826-07-11T09:00']);
  });
});
