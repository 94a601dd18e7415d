/** From when to when, in epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a checker has to know of what was done to a system. Times in epoch milliseconds. */
export class Outages {
  /** In these nothing of it ran. */
  readonly downs: Span[] = [];
  /** Whoever hands reminders to the log died here, or was stopped. */
  readonly sendersEnded: number[] = [];
  /** A process died through which the lines of others come, and what it had not passed on yet died with it. */
  readonly outputsLost: number[] = [];
}
