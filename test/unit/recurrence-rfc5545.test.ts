import { expect } from 'chai';
import { firstLocals, firstSlots, listed } from '../support/slots.js';

const zone = 'America/New_York';

/** The examples of RFC 5545 section 3.8.5.3: title, start, rules that give the same, dates. Those without an end go on. */
const examples: [string, string, string | string[], string][] = [
  ['daily for 10 occurrences', '1997-09-02', 'FREQ=DAILY;COUNT=10', '1997 Sep 2-11'],
  [
    'daily until December 24, 1997',
    '1997-09-02',
    'FREQ=DAILY;UNTIL=19971224T000000Z',
    '1997 Sep 2-30; Oct 1-31; Nov 1-30; Dec 1-23',
  ],
  [
    'every other day, forever',
    '1997-09-02',
    'FREQ=DAILY;INTERVAL=2',
    '1997 Sep 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30; Oct 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30; ' +
      'Nov 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29; Dec 1,3',
  ],
  ['every 10 days, 5 occurrences', '1997-09-02', 'FREQ=DAILY;INTERVAL=10;COUNT=5', '1997 Sep 2,12,22; Oct 2,12'],
  [
    'every day in January, for 3 years',
    '1998-01-01',
    [
      'FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA',
      'FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1',
    ],
    '1998 Jan 1-31; 1999 Jan 1-31; 2000 Jan 1-31',
  ],
  [
    'weekly for 10 occurrences',
    '1997-09-02',
    'FREQ=WEEKLY;COUNT=10',
    '1997 Sep 2,9,16,23,30; Oct 7,14,21; Oct 28; Nov 4',
  ],
  [
    'weekly until December 24, 1997',
    '1997-09-02',
    'FREQ=WEEKLY;UNTIL=19971224T000000Z',
    '1997 Sep 2,9,16,23,30; Oct 7,14,21; Oct 28; Nov 4,11,18,25; Dec 2,9,16,23',
  ],
  [
    'every other week, forever',
    '1997-09-02',
    'FREQ=WEEKLY;INTERVAL=2;WKST=SU',
    '1997 Sep 2,16,30; Oct 14; Oct 28; Nov 11,25; Dec 9,23; 1998 Jan 6,20; Feb 3,17',
  ],
  [
    'weekly on Tuesday and Thursday for five weeks',
    '1997-09-02',
    ['FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH', 'FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH'],
    '1997 Sep 2,4,9,11,16,18,23,25,30; Oct 2',
  ],
  [
    'every other week on Monday, Wednesday, and Friday until December 24, 1997',
    '1997-09-01',
    'FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR',
    '1997 Sep 1,3,5,15,17,19,29; Oct 1,3,13,15,17; Oct 27,29,31; Nov 10,12,14,24,26,28; Dec 8,10,12,22',
  ],
  [
    'every other week on Tuesday and Thursday, for 8 occurrences',
    '1997-09-02',
    'FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH',
    '1997 Sep 2,4,16,18,30; Oct 2,14,16',
  ],
  [
    'monthly on the first Friday for 10 occurrences',
    '1997-09-05',
    'FREQ=MONTHLY;COUNT=10;BYDAY=1FR',
    '1997 Sep 5; Oct 3; Nov 7; Dec 5; 1998 Jan 2; Feb 6; Mar 6; Apr 3; May 1; Jun 5',
  ],
  [
    'monthly on the first Friday until December 24, 1997',
    '1997-09-05',
    'FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR',
    '1997 Sep 5; Oct 3; Nov 7; Dec 5',
  ],
  [
    'every other month on the first and last Sunday of the month for 10 occurrences',
    '1997-09-07',
    'FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU',
    '1997 Sep 7,28; Nov 2,30; 1998 Jan 4,25; Mar 1,29; May 3,31',
  ],
  [
    'monthly on the second-to-last Monday of the month for 6 months',
    '1997-09-22',
    'FREQ=MONTHLY;COUNT=6;BYDAY=-2MO',
    '1997 Sep 22; Oct 20; Nov 17; Dec 22; 1998 Jan 19; Feb 16',
  ],
  [
    'monthly on the third-to-the-last day of the month, forever',
    '1997-09-28',
    'FREQ=MONTHLY;BYMONTHDAY=-3',
    '1997 Sep 28; Oct 29; Nov 28; Dec 29; 1998 Jan 29; Feb 26',
  ],
  [
    'monthly on the 2nd and 15th of the month for 10 occurrences',
    '1997-09-02',
    'FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15',
    '1997 Sep 2,15; Oct 2,15; Nov 2,15; Dec 2,15; 1998 Jan 2,15',
  ],
  [
    'monthly on the first and last day of the month for 10 occurrences',
    '1997-09-30',
    'FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1',
    '1997 Sep 30; Oct 1; Oct 31; Nov 1,30; Dec 1,31; 1998 Jan 1,31; Feb 1',
  ],
  [
    'every 18 months on the 10th thru 15th of the month for 10 occurrences',
    '1997-09-10',
    'FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15',
    '1997 Sep 10-15; 1999 Mar 10-13',
  ],
  [
    'every Tuesday, every other month',
    '1997-09-02',
    'FREQ=MONTHLY;INTERVAL=2;BYDAY=TU',
    '1997 Sep 2,9,16,23,30; Nov 4,11,18,25; 1998 Jan 6,13,20,27; Mar 3,10,17,24,31',
  ],
  [
    'yearly in June and July for 10 occurrences',
    '1997-06-10',
    'FREQ=YEARLY;COUNT=10;BYMONTH=6,7',
    '1997 Jun 10; Jul 10; 1998 Jun 10; Jul 10; 1999 Jun 10; Jul 10; 2000 Jun 10; Jul 10; 2001 Jun 10; Jul 10',
  ],
  [
    'every other year on January, February, and March for 10 occurrences',
    '1997-03-10',
    'FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3',
    '1997 Mar 10; 1999 Jan 10; Feb 10; Mar 10; 2001 Jan 10; Feb 10; Mar 10; 2003 Jan 10; Feb 10; Mar 10',
  ],
  [
    'every third year on the 1st, 100th, and 200th day for 10 occurrences',
    '1997-01-01',
    'FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200',
    '1997 Jan 1; Apr 10; Jul 19; 2000 Jan 1; Apr 9; Jul 18; 2003 Jan 1; Apr 10; Jul 19; 2006 Jan 1',
  ],
  [
    'every 20th Monday of the year, forever',
    '1997-05-19',
    'FREQ=YEARLY;BYDAY=20MO',
    '1997 May 19; 1998 May 18; 1999 May 17',
  ],
  [
    'Monday of week number 20 (where the default start of the week is Monday), forever',
    '1997-05-12',
    'FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO',
    '1997 May 12; 1998 May 11; 1999 May 17',
  ],
  [
    'every Thursday in March, forever',
    '1997-03-13',
    'FREQ=YEARLY;BYMONTH=3;BYDAY=TH',
    '1997 Mar 13,20,27; 1998 Mar 5,12,19,26; 1999 Mar 4,11,18,25',
  ],
  [
    'every Thursday, but only during June, July, and August, forever',
    '1997-06-05',
    'FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8',
    '1997 Jun 5,12,19,26; Jul 3,10,17,24,31; Aug 7,14,21,28; 1998 Jun 4,11,18,25; Jul 2,9,16,23,30; Aug 6,13,20,27; ' +
      '1999 Jun 3,10,17,24; Jul 1,8,15,22,29; Aug 5,12,19,26',
  ],
  [
    'every Friday the 13th, forever',
    // The start, which the RFC takes out by EXDATE, is no slot here: the rule does not meet it.
    '1997-09-02',
    'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13',
    '1998 Feb 13; Mar 13; Nov 13; 1999 Aug 13; 2000 Oct 13',
  ],
  [
    'the first Saturday that follows the first Sunday of the month, forever',
    '1997-09-13',
    'FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13',
    '1997 Sep 13; Oct 11; Nov 8; Dec 13; 1998 Jan 10; Feb 7; Mar 7; Apr 11; May 9; Jun 13',
  ],
  [
    'every 4 years, the first Tuesday after a Monday in November, forever (U.S. Presidential Election day)',
    '1996-11-05',
    'FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8',
    '1996 Nov 5; 2000 Nov 7; 2004 Nov 2',
  ],
  [
    'the third instance into the month of one of Tuesday, Wednesday, or Thursday, for the next 3 months',
    '1997-09-04',
    'FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3',
    '1997 Sep 4; Oct 7; Nov 6',
  ],
  [
    'the second-to-last weekday of the month',
    '1997-09-29',
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2',
    '1997 Sep 29; Oct 30; Nov 27; Dec 30; 1998 Jan 29; Feb 26; Mar 30',
  ],
  [
    'days generated makes a difference because of WKST (Monday)',
    '1997-08-05',
    'FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO',
    '1997 Aug 5,10,19,24',
  ],
  [
    'days generated makes a difference because of WKST (Sunday)',
    '1997-08-05',
    'FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU',
    '1997 Aug 5,17,19,31',
  ],
  [
    'an example where an invalid date (i.e., February 30) is ignored',
    '2007-01-15',
    'FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5',
    '2007 Jan 15,30; Feb 15; Mar 15,30',
  ],
];

describe('the examples of RFC 5545', () => {
  for (const [title, start, rules, dates] of examples) {
    it(`section 3.8.5.3: ${title}`, () => {
      const expected = listed(dates).map((date) => `${date}T09:00`);
      for (const rule of [rules].flat()) {
        const isEnding = /COUNT|UNTIL/.test(rule);
        const most = expected.length + (isEnding ? 1 : 0);
        expect(firstLocals(rule, `${start}T09:00`, zone, most), rule).to.deep.equal(expected);
      }
    });
  }

  it('section 3.8.5.3: every 3 hours from 9:00 AM to 5:00 PM on a specific day, as erratum 3883 has its UNTIL', () => {
    const rule = (until: string): string => `FREQ=HOURLY;INTERVAL=3;UNTIL=${until}`;
    expect(firstLocals(rule('19970902T210000Z'), '1997-09-02T09:00', zone, 9)).to.deep.equal([
      '1997-09-02T09:00',
      '1997-09-02T12:00',
      '1997-09-02T15:00',
    ]);
    // 17:00 UTC is 13:00 there.
    expect(firstLocals(rule('19970902T170000Z'), '1997-09-02T09:00', zone, 9)).to.have.length(2);
  });

  it('section 3.8.5.3: every 15 minutes for 6 occurrences, and every hour and a half for 4', () => {
    const times = (rule: string): string[] =>
      firstLocals(rule, '1997-09-02T09:00', zone, 9).map((local) => local.replace('1997-09-02T', ''));
    expect(times('FREQ=MINUTELY;INTERVAL=15;COUNT=6').join()).to.equal('09:00,09:15,09:30,09:45,10:00,10:15');
    expect(times('FREQ=MINUTELY;INTERVAL=90;COUNT=4').join()).to.equal('09:00,10:30,12:00,13:30');
  });

  it('section 3.8.5.3: every 20 minutes from 9:00 AM to 4:40 PM every day', () => {
    const expected = ['1997-09-02', '1997-09-03'].flatMap((date) =>
      Array.from({ length: 24 }, (_, step) => {
        const minutes = 9 * 60 + step * 20;
        return `${date}T${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
      }),
    );
    for (const rule of [
      'FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40',
      'FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16',
    ]) {
      expect(firstLocals(rule, '1997-09-02T09:00', zone, expected.length), rule).to.deep.equal(expected);
    }
  });

  it('section 3.8.5.3: 9:00 AM stays 9:00 AM when New York goes from EDT to EST', () => {
    const slots = firstSlots('FREQ=DAILY', '1997-10-25T09:00', zone, 2);
    expect(slots.map(({ utc }) => utc)).to.deep.equal(['1997-10-25T13:00:00Z', '1997-10-26T14:00:00Z']);
  });

  it('section 3.3.10: every other year, each Sunday of January at 8:30 and 9:30', () => {
    const rule = 'FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=SU;BYHOUR=8,9;BYMINUTE=30';
    const expected = listed('1997 Jan 5,12,19,26; 1999 Jan 3').flatMap((date) => [`${date}T08:30`, `${date}T09:30`]);
    expect(firstLocals(rule, '1997-01-05T08:30', zone, expected.length)).to.deep.equal(expected);
  });

  it('section 3.3.10: the last work day of the month', () => {
    const found = firstLocals('FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', '1997-09-30', zone, 6);
    expect(found).to.deep.equal(listed('1997 Sep 30; Oct 31; Nov 28; Dec 31; 1998 Jan 30; Feb 27'));
  });

  it('section 3.3.10: what a rule leaves to its start is the start’s', () => {
    expect(firstLocals('FREQ=YEARLY;BYMONTH=1', '1997-01-05T08:30:15', zone, 2)).to.deep.equal([
      '1997-01-05T08:30:15',
      '1998-01-05T08:30:15',
    ]);
    // A week alone leaves the weekday to the start.
    expect(firstLocals('FREQ=YEARLY;BYWEEKNO=20', '1997-05-14', zone, 2)).to.deep.equal(['1997-05-14', '1998-05-13']);
  });

  it('section 3.3.10: BYHOUR, BYMINUTE and BYSECOND are ignored where the start is a date', () => {
    expect(firstLocals('FREQ=DAILY;BYHOUR=9,17;BYMINUTE=30', '1997-09-02', zone, 2)).to.deep.equal(
      listed('1997 Sep 2-3'),
    );
  });

  it('section 3.3.12: the second 60 is the second 59', () => {
    expect(firstLocals('FREQ=MINUTELY;BYSECOND=60', '1997-09-02T09:00', zone, 1)).to.deep.equal([
      '1997-09-02T09:00:59',
    ]);
  });
});
