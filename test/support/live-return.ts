/** The limits of the random pause, in milliseconds. */
export interface ReturnPauses {
  /** After the first failure in a row; doubled by each further one. */
  readonly first: number;
  readonly longest: number;
}

/**
 * How long a client of the live feed waits before it comes back (docs/live-feed.md, "Coming back").
 * @param reason what the server said when it closed the connection
 * @param failures how many tries have failed in a row, with the connection that broke
 * @returns milliseconds
 */
export function pauseBeforeReturn(
  { code, reason }: { code: number; reason: string },
  failures: number,
  { first, longest }: ReturnPauses,
): number {
  const [, told] = /retry in (\d+) ms/.exec(reason) ?? [];
  if (code === 1001 && told !== undefined) return Number(told);
  return Math.random() * Math.min(longest, first * 2 ** (failures - 1));
}
