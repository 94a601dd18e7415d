/** After each try that failed, in seconds; together an hour. */
const pauses = [5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600] as const;

const longestMs = 600_000;

/** A message is tried so often at most. */
export const mostAttempts = pauses.length + 1;

/**
 * How long to wait after a try that failed. A quarter more or less at random: what failed together is not tried together.
 * @param attempts how many there were, from 1 on
 * @param askedMs what the receiver asked for, which is granted up to the longest pause
 * @param random from 0 to 1
 * @returns milliseconds, or null when there were enough
 */
export function pauseAfter(attempts: number, askedMs = 0, random: () => number = Math.random): number | null {
  const seconds = pauses[attempts - 1];
  if (seconds === undefined) return null;
  const own = seconds * 1000 * (0.75 + random() / 2);
  return Math.round(Math.max(own, Math.min(askedMs, longestMs)));
}
