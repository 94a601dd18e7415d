import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { openClock } from '../../runtime/clock.js';
import { SettingsError } from '../../runtime/config.js';
import { until } from '../support/until.js';

const hour = 3_600_000;
const log = pino({ level: 'silent' });

describe('the clock', () => {
  const file = join(tmpdir(), `todo-chatbot-clock-${process.pid}`);
  const opened: { close(): void }[] = [];
  afterEach(async () => {
    for (const clock of opened.splice(0)) clock.close();
    await rm(file, { force: true });
  });
  function open(named?: string) {
    const clock = openClock({ file: named, log, lookEveryMs: 5 });
    opened.push(clock);
    return clock;
  }
  /** How many hours it is ahead of the machine's. */
  const ahead = (clock: { now(): Date }): number => Math.round((clock.now().getTime() - Date.now()) / hour);

  it("is the machine's where no file is named", () => {
    expect(ahead(open())).to.equal(0);
  });

  it('is ahead or behind by what its file says, from the moment on at which that changes', async () => {
    await writeFile(file, String(48 * hour));
    const clocks = [open(file), open(file)];
    expect(clocks.map(ahead)).to.deep.equal([48, 48]);
    await writeFile(file, `${-hour}\n`);
    expect(clocks.map(ahead)).to.deep.equal([-1, -1]);
    await rm(file);
    expect(clocks.map(ahead)).to.deep.equal([-1, -1]);
  });

  it('tells when it was set forward, and when it was set back', async () => {
    await writeFile(file, '0');
    const clock = open(file);
    let count = 0;
    clock.onSet(() => (count += 1));
    await writeFile(file, String(hour));
    await until('it is told of one', () => count === 1);
    await writeFile(file, '0');
    await until('it is told of the other', () => count === 2);
  });

  for (const [what, text] of [
    ['is not there', null],
    ['is empty', ''],
    ['says no number', 'tomorrow'],
    ['says half a millisecond', '0.5'],
  ] as const) {
    it(`does not start with a file that ${what}`, async () => {
      if (text !== null) await writeFile(file, text);
      expect(() => open(file)).to.throw(SettingsError, 'CLOCK_FILE must name a file');
    });
  }
});
