import { expect } from 'chai';
import { durationFault, isTimeZone, localDateFault, toInstant } from '../../domain/dates/local-date.js';

const utc = (local: string, zone: string): string => new Date(toInstant(local, zone)).toISOString();

describe('wall time', () => {
  it('keeps its wall clock over a clock change', () => {
    expect(utc('2026-03-28T09:00', 'Europe/Berlin')).to.equal('2026-03-28T08:00:00.000Z');
    expect(utc('2026-03-29T09:00', 'Europe/Berlin')).to.equal('2026-03-29T07:00:00.000Z');
  });

  it('moves forward by the gap when a clock change skips it', () => {
    expect(utc('2026-03-29T02:30', 'Europe/Berlin')).to.equal(utc('2026-03-29T03:30', 'Europe/Berlin'));
  });

  it('is the first of the two when it comes twice', () => {
    expect(utc('2026-10-25T02:30', 'Europe/Berlin')).to.equal('2026-10-25T00:30:00.000Z');
  });

  it('of a date alone is its first moment, even where midnight is skipped', () => {
    expect(utc('2018-11-04', 'America/Sao_Paulo')).to.equal('2018-11-04T03:00:00.000Z');
  });

  it('exists only as the calendar has it', () => {
    for (const good of ['2028-02-29', '2026-11-30T09:00', '2026-11-30T23:59:59', '0001-01-01']) {
      expect(localDateFault(good), good).to.equal(null);
    }
    for (const bad of [
      '2026-02-29',
      '2026-13-01',
      '0000-01-01',
      '2026-11-30T24:00',
      '2026-11-30 09:00',
      '20261130',
      '',
    ]) {
      expect(localDateFault(bad), bad).to.be.a('string');
    }
  });

  it('is in a zone of the IANA database and no offset', () => {
    expect(['Europe/Berlin', 'UTC', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires'].every(isTimeZone)).to.equal(true);
    expect(['', '+01:00', 'Mars/Olympus', 'Europe/Berlin\u0000', '../etc/passwd'].some(isTimeZone)).to.equal(false);
  });
});

describe('durations', () => {
  it('are those of RFC 5545 section 3.3.6, not negative', () => {
    for (const good of ['PT15M', 'P1D', 'P1DT2H', 'P2W', 'PT0S', 'PT1H30M'])
      expect(durationFault(good), good).to.equal(null);
    for (const bad of ['', 'P', 'PT', '-PT15M', '15M', 'P1Y', 'P1M', 'P1WT1H', 'PT1H1D', 'PT1.5H']) {
      expect(durationFault(bad), bad).to.be.a('string');
    }
  });
});
