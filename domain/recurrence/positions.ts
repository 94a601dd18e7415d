import type { Times } from './times-of-day.js';

/**
 * BYSETPOS: picks from a set of days with times, without making the set.
 * @param starts the seconds at which the days begin, rising
 * @returns the seconds of what is picked, rising
 */
export function pick(positions: readonly number[], starts: readonly number[], times: Times): number[] {
  const size = starts.length * times.size;
  const indexes = new Set(
    positions
      .map((position) => (position > 0 ? position - 1 : size + position))
      .filter((index) => index >= 0 && index < size),
  );
  return [...indexes]
    .sort((a, b) => a - b)
    .map((index) => (starts[Math.floor(index / times.size)] ?? 0) + times.at(index % times.size));
}
