import { expect } from 'chai';
import { quietUntil } from '../../domain/user/quiet-hours.js';

describe('quiet hours', () => {
  const night = { start: '22:00', end: '07:00' };

  /** When they end that a moment lies in, as RFC 3339; null for a moment outside. */
  function end(quiet: typeof night | null, zone: string, at: string): string | null {
    const until = quietUntil(quiet, zone, Date.parse(at));
    return until === null ? null : new Date(until).toISOString();
  }

  it('begin with their start and are over at their end', () => {
    const noon = { start: '12:00', end: '13:00' };
    expect(end(noon, 'Europe/Berlin', '2026-06-01T09:59:59.999Z')).to.equal(null);
    expect(end(noon, 'Europe/Berlin', '2026-06-01T10:00:00.000Z')).to.equal('2026-06-01T11:00:00.000Z');
    expect(end(noon, 'Europe/Berlin', '2026-06-01T10:59:59.999Z')).to.equal('2026-06-01T11:00:00.000Z');
    expect(end(noon, 'Europe/Berlin', '2026-06-01T11:00:00.000Z')).to.equal(null);
    expect(end(null, 'Europe/Berlin', '2026-06-01T10:00:00.000Z')).to.equal(null);
  });

  it('go over midnight', () => {
    expect(end(night, 'Asia/Kathmandu', '2026-06-01T16:15:00Z')).to.equal('2026-06-02T01:15:00.000Z');
    expect(end(night, 'Asia/Kathmandu', '2026-06-02T01:14:59Z')).to.equal('2026-06-02T01:15:00.000Z');
    expect(end(night, 'Asia/Kathmandu', '2026-06-01T16:14:59Z')).to.equal(null);
  });

  it('end when the clock shows it, in the night in which it is set forward or back', () => {
    // Berlin, 29 March 2026: 02:00 is 03:00. 25 October 2026: 03:00 is 02:00.
    expect(end(night, 'Europe/Berlin', '2026-03-28T22:30:00Z')).to.equal('2026-03-29T05:00:00.000Z');
    expect(end(night, 'Europe/Berlin', '2026-10-24T22:30:00Z')).to.equal('2026-10-25T06:00:00.000Z');
  });

  it('end after the gap when their end is in it, and once when their end comes twice', () => {
    const early = { start: '22:00', end: '02:30' };
    expect(end(early, 'Europe/Berlin', '2026-03-29T01:15:00Z')).to.equal('2026-03-29T01:30:00.000Z');
    expect(end(early, 'Europe/Berlin', '2026-10-25T00:15:00Z')).to.equal('2026-10-25T00:30:00.000Z');
    // 02:15 for the second time.
    expect(end(early, 'Europe/Berlin', '2026-10-25T01:15:00Z')).to.equal(null);
  });

  it('are none where the clock skips all of them', () => {
    const skipped = { start: '02:15', end: '02:45' };
    expect(end(skipped, 'Europe/Berlin', '2026-03-29T01:00:00Z')).to.equal(null);
    expect(end({ start: '02:15', end: '03:00' }, 'Europe/Berlin', '2026-03-29T01:00:00Z')).to.equal(null);
  });
});
