/**
 * The slots of a rule as its wall clock has them, before any zone: rising wall seconds from the start on. What a clock
 * change does to them is the business of calculate.ts; COUNT and UNTIL are too.
 */
export interface Nominals {
  /** The first slot later than `second`; Infinity when there is none before the year 10000. Fast at any place. */
  after(second: number): number;
  /** So many slots at most lie between the start and `second`. Costs nothing. */
  mostUntil(second: number): number;
  /** The slot of this number, counted from 1; Infinity when there are fewer. */
  nth(number: number): number;
}
