import { expect } from 'chai';
import { mostAttempts, pauseAfter } from '../../subscribers/notification/back-off.js';

describe('tries to send a reminder', () => {
  const minutes = (random: number): number => {
    let sum = 0;
    for (let attempts = 1; attempts < mostAttempts; attempts++) sum += pauseAfter(attempts, 0, () => random) ?? NaN;
    return sum / 60_000;
  };

  it('go on for an hour, with growing pauses, and end', () => {
    expect(minutes(0.5)).to.be.within(60, 61);
    expect(minutes(0)).to.be.above(45);
    expect(minutes(1)).to.be.below(76);
    expect(pauseAfter(1, 0, () => 0.5)).to.equal(5_000);
    expect(pauseAfter(2, 0, () => 0.5)).to.equal(10_000);
    expect(pauseAfter(mostAttempts - 1, 0, () => 0.5)).to.equal(600_000);
    expect(pauseAfter(mostAttempts)).to.equal(null);
  });

  it('do not come at the same moment for all that failed at one', () => {
    const pauses = new Set(Array.from({ length: 50 }, () => pauseAfter(3)));
    expect(pauses.size).to.be.above(10);
    for (const pause of pauses) expect(pause).to.be.within(15_000, 25_000);
  });

  it('wait for as long as the receiver asks, within bounds', () => {
    expect(pauseAfter(1, 60_000, () => 0.5)).to.equal(60_000);
    expect(pauseAfter(1, 1_000, () => 0.5)).to.equal(5_000);
    expect(pauseAfter(1, 86_400_000, () => 0.5)).to.equal(600_000);
  });
});
