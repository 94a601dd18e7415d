/** What the process does that measures how soon a completed task has its successor. */
export interface SuccessorJob {
  readonly url: string;
  /** One a user; the tasks are theirs in turn. */
  readonly tokens: readonly string[];
  /** A word in the names of the tasks, so that they are this round's. */
  readonly prefix: string;
  /** Completions a second, whatever they take. */
  readonly rate: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Milliseconds from the whole acknowledgement of a completion to the first list that has the successor. */
export interface SuccessorResult {
  /** Those that were followed. */
  readonly completions: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}
