import { expect } from 'chai';
import { Temporal } from 'temporal-polyfill';
import { slotAfter, type Slot } from '../../domain/recurrence/calculate.js';
import { ruleSyntaxFault } from '../../domain/recurrence/rule-syntax.js';
import { startDateutil, type Dateutil } from '../support/dateutil.js';
import { randomSeries } from '../support/random-rule.js';
import { newSeed, Seeded } from '../support/seeded.js';
import { firstLocals, firstSlots, recurrenceOf } from '../support/slots.js';

const seed = newSeed();
const rules = Number(process.env['ORACLE_RULES'] ?? 3000);
const count = 12;

describe('recurrence beside python-dateutil', function () {
  this.timeout(300_000 + rules * 100);
  let dateutil: Dateutil;
  before(async () => {
    process.stdout.write(`\nrandom rules beside python-dateutil: ORACLE_RULES=${rules} SEED=${seed}\n`);
    dateutil = await startDateutil();
  });
  after(async () => {
    await dateutil.stop();
  });

  it('gives the same slots for random rules in zones with odd clock changes, and the same one after any of them', async () => {
    const random = new Seeded(seed);
    let slow = 0;
    for (let asked = 0; asked < rules;) {
      const batch = Array.from({ length: Math.min(500, rules - asked) }, () => ({
        ...randomSeries(random),
        count,
        seconds: 0.1,
      }));
      asked += batch.length;
      const answers = await dateutil.ask(batch);
      batch.forEach(({ rule, start, zone }, index) => {
        const answer = answers[index];
        const about = `${rule} from ${start} in ${zone}`;
        expect(ruleSyntaxFault(rule), about).to.equal(null);
        if (!answer || 'error' in answer) throw new Error(`${about}: ${answer?.error ?? 'no answer'}`);
        if ('slow' in answer) return void (slow += 1);
        const expected = answer.slots.map(written);
        const found = firstSlots(rule, start, zone, expected.length + 1);
        expect(found.slice(0, expected.length), about).to.deep.equal(expected);
        if (answer.end) expect(found.length, `${about}: the end`).to.equal(expected.length);
        // Cold, at some place: the same as by walking there.
        const at = random.between(0, expected.length - 2);
        const [before, next] = [expected[at], expected[at + 1]];
        if (before && next) {
          expect(slotAfter(recurrenceOf(rule), start, zone, before.local), about).to.deep.equal(next);
        }
      });
    }
    // Rules that match once in centuries, which dateutil looks for day by day.
    expect(slow).to.be.lessThan(rules / 8 + 5);
  });

  /** What python-dateutil answers, as this program would write it. */
  async function oracle(rule: string, start: string, count: number): Promise<string[]> {
    const [answer] = await dateutil.ask([{ rule, start, zone: 'UTC', count, seconds: 10 }]);
    if (!answer || !('slots' in answer)) throw new Error(`no answer to ${rule}`);
    return answer.slots.slice(0, count).map((slot) => written(slot).local);
  }

  // Where the two differ, the RFC counts. Should dateutil change its mind, the test says so.
  const differ: [string, string, string, string[], string[]][] = [
    [
      'BYDAY with and without numbers gives each day of the list (3.3.10: "a list of days")',
      'FREQ=MONTHLY;BYDAY=MO,1MO',
      '2026-01-01',
      ['2026-01-05', '2026-01-12', '2026-01-19'],
      ['2026-01-05', '2026-02-02', '2026-03-02'],
    ],
    [
      'BYWEEKNO alone leaves the weekday to the start (3.3.10: "derived from the Start Time")',
      'FREQ=YEARLY;BYWEEKNO=20',
      '2026-05-13',
      ['2026-05-13', '2027-05-19', '2028-05-17'],
      ['2026-05-13', '2026-05-14', '2026-05-15'],
    ],
    [
      'BYSETPOS counts in the whole of the first week, not from the start on (3.3.10: "the set of recurrence instances specified by the rule")',
      'FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1',
      '2026-11-25',
      ['2026-11-30', '2026-12-07', '2026-12-14'],
      ['2026-11-25', '2026-11-30', '2026-12-07'],
    ],
    [
      '2 January 2011 is of week 52, as 2010 has no 53rd (3.3.10: "week numbering as defined in ISO.8601.2004")',
      'FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU',
      '2010-06-01',
      ['2016-01-03', '2021-01-03', '2027-01-03'],
      ['2011-01-02', '2016-01-03', '2021-01-03'],
    ],
  ];
  for (const [what, rule, start, ours, theirs] of differ) {
    it(`differs where dateutil does from the RFC: ${what}`, async () => {
      expect(firstLocals(rule, start, 'UTC', 3)).to.deep.equal(ours);
      expect(await oracle(rule, start, 3)).to.deep.equal(theirs);
    });
  }
});

describe('week numbers', () => {
  it('are those of ISO 8601 at each turn of the year, from either end', () => {
    const every = 'BYDAY=MO,TU,WE,TH,FR,SA,SU';
    for (const week of [1, 2, 51, 52, 53, -1, -2, -51, -52, -53]) {
      const found = firstLocals(`FREQ=YEARLY;BYWEEKNO=${week};${every};UNTIL=20311231`, '1999-01-01', 'UTC', 10_000);
      const expected: string[] = [];
      for (let day = Temporal.PlainDate.from('1999-01-01'); day.year < 2032; day = day.add({ days: 1 })) {
        const { weekOfYear = 0, yearOfWeek = 0 } = day;
        const weeks = Temporal.PlainDate.from({ year: yearOfWeek, month: 12, day: 28 }).weekOfYear ?? 0;
        if (weekOfYear === (week > 0 ? week : weeks + 1 + week)) expected.push(day.toString());
      }
      expect(found, `BYWEEKNO=${week}`).to.deep.equal(expected);
    }
  });
});

/** As this program writes what Python wrote. */
function written([local, utc, shifted]: readonly [string, string | null, boolean]): Slot {
  return { local: local.replace(/(T..:..):00$/, '$1'), utc: utc === null ? null : `${utc}Z`, shifted };
}
