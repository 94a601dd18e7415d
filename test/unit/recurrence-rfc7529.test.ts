import { expect } from 'chai';
import { firstLocals, listed } from '../support/slots.js';

/** Rule, start, dates. */
type Example = [string, string, string];

const leapDay: Example[] = [
  ['FREQ=YEARLY', '2012-02-29', '2012 Feb 29; 2016 Feb 29; 2020 Feb 29; 2024 Feb 29'],
  ['FREQ=YEARLY;SKIP=OMIT', '2012-02-29', '2012 Feb 29; 2016 Feb 29; 2020 Feb 29; 2024 Feb 29'],
  ['FREQ=YEARLY;SKIP=FORWARD', '2012-02-29', '2012 Feb 29; 2013 Mar 1; 2014 Mar 1; 2015 Mar 1; 2016 Feb 29'],
  ['FREQ=YEARLY;SKIP=BACKWARD', '2012-02-29', '2012 Feb 29; 2013 Feb 28; 2014 Feb 28; 2015 Feb 28; 2016 Feb 29'],
];
const monthEnd: Example[] = [
  ['FREQ=MONTHLY', '2014-01-31', '2014 Jan 31; Mar 31; May 31; Jul 31'],
  ['FREQ=MONTHLY;SKIP=BACKWARD', '2014-01-31', '2014 Jan 31; Feb 28; Mar 31; Apr 30'],
  ['FREQ=MONTHLY;SKIP=FORWARD', '2014-01-31', '2014 Jan 31; Mar 1; Mar 31; May 1'],
  ['FREQ=MONTHLY;INTERVAL=3;SKIP=FORWARD', '2014-01-31', '2014 Jan 31; May 1; Jul 31; Oct 31'],
  ['FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD', '2015-01-31', '2015 Jan 31; Feb 28; Mar 31; Apr 30; May 31; Jun 30'],
  ['FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD', '2015-01-31', '2015 Jan 31; Mar 1; Mar 31; May 1; May 31; Jul 1'],
];
/** Counted from the end, a day that a month lacks lies before its first. */
const fromTheEnd: Example[] = [
  ['FREQ=MONTHLY;BYMONTHDAY=-31;SKIP=FORWARD', '2015-01-01', '2015 Jan 1; Feb 1; Mar 1; Apr 1; May 1'],
  ['FREQ=MONTHLY;BYMONTHDAY=-31;SKIP=BACKWARD', '2015-01-01', '2015 Jan 1,31; Mar 1,31; May 1,31; Jul 1; Aug 1,31'],
];
const yearEnd: Example[] = [
  ['FREQ=YEARLY;BYYEARDAY=366;SKIP=FORWARD', '2012-12-31', '2012 Dec 31; 2014 Jan 1; 2015 Jan 1; 2016 Jan 1; Dec 31'],
  ['FREQ=YEARLY;BYYEARDAY=366;SKIP=BACKWARD', '2012-12-31', '2012 Dec 31; 2013 Dec 31; 2014 Dec 31; 2015 Dec 31'],
  ['FREQ=YEARLY;BYYEARDAY=-366;SKIP=FORWARD', '2012-01-01', '2012 Jan 1; 2013 Jan 1; 2014 Jan 1; 2015 Jan 1'],
  [
    'FREQ=YEARLY;BYYEARDAY=-366;SKIP=BACKWARD',
    '2012-01-01',
    '2012 Jan 1; Dec 31; 2013 Dec 31; 2014 Dec 31; 2016 Jan 1',
  ],
];
/** A day that moved to where another one stands is that one. */
const together: Example[] = [
  [
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;SKIP=FORWARD',
    '2015-02-01',
    '2015 Feb 28; Mar 1; 2016 Feb 28,29; 2017 Feb 28',
  ],
  ['FREQ=MONTHLY;BYMONTHDAY=30,31;SKIP=BACKWARD', '2015-01-30', '2015 Jan 30,31; Feb 28; Mar 30,31; Apr 30'],
  ['FREQ=MONTHLY;BYMONTHDAY=1,31;SKIP=FORWARD', '2015-01-31', '2015 Jan 31; Feb 1; Mar 1,31; Apr 1; May 1'],
];
/** Section 4.1: BYMONTH before the day moves, BYDAY and BYSETPOS after. */
const order: Example[] = [
  ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;SKIP=FORWARD', '2015-01-01', '2015 Mar 1; 2016 Mar 1'],
  // Of the 28th in 2010 and 2021, which were Sundays, and not of a 31st.
  [
    'FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31;BYDAY=SU;SKIP=BACKWARD',
    '2010-01-01',
    '2010 Feb 28; 2021 Feb 28; 2027 Feb 28',
  ],
  ['FREQ=MONTHLY;BYMONTHDAY=30,31;BYSETPOS=2;SKIP=FORWARD', '2015-01-01', '2015 Jan 31; Mar 31; May 1; May 31'],
];

describe('SKIP of RFC 7529, in the Gregorian calendar', () => {
  for (const [title, examples] of Object.entries({
    'decides what a leap day is in other years': leapDay,
    'decides what the 31st is in a short month': monthEnd,
    'decides what a day counted from the end is that a month does not have': fromTheEnd,
    'decides what the 366th day is in a common year': yearEnd,
    'gives no day twice': together,
    'moves a day before BYDAY and BYSETPOS look at it, and after BYMONTH did': order,
  })) {
    it(title, () => {
      for (const [rule, start, dates] of examples) {
        const expected = listed(dates);
        for (const written of [rule, `RSCALE=GREGORIAN;${rule}`]) {
          expect(firstLocals(written, start, 'UTC', expected.length), written).to.deep.equal(expected);
        }
      }
    });
  }

  it('keeps its COUNT', () => {
    expect(firstLocals('FREQ=MONTHLY;BYMONTHDAY=1,31;SKIP=FORWARD;COUNT=4', '2015-01-31', 'UTC', 9)).to.deep.equal(
      listed('2015 Jan 31; Feb 1; Mar 1,31'),
    );
  });
});

describe('the words of a recurrence', () => {
  const words: Example[] = [
    ['daily', '2026-02-27', '2026 Feb 27-28; Mar 1'],
    ['weekly', '2026-01-30', '2026 Jan 30; Feb 6,13'],
    ['monthly', '2026-01-15', '2026 Jan 15; Feb 15; Mar 15'],
    ['monthly', '2026-01-31', '2026 Jan 31; Feb 28; Mar 31; Apr 30; May 31'],
    ['monthly', '2027-11-30', '2027 Nov 30; Dec 30; 2028 Jan 30; Feb 29; Mar 30'],
    ['monthly', '2026-01-29', '2026 Jan 29; Feb 28; Mar 29'],
    ['yearly', '2026-07-04', '2026 Jul 4; 2027 Jul 4'],
    ['yearly', '2028-02-29', '2028 Feb 29; 2029 Feb 28; 2030 Feb 28; 2031 Feb 28; 2032 Feb 29'],
  ];
  for (const [word, start, dates] of words) {
    it(`${word} from ${start}: the day of the first date, a short month taking its last day`, () => {
      const expected = listed(dates);
      expect(firstLocals(word, start, 'UTC', expected.length)).to.deep.equal(expected);
      const at = (date: string): string => `${date}T09:00`;
      expect(firstLocals(word, at(start), 'Europe/Berlin', expected.length)).to.deep.equal(expected.map(at));
    });
  }
});
