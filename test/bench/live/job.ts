/** What the process does that measures the live feed. */
export interface LiveJob {
  readonly url: string;
  /** One a user; each has one connection to the live feed. */
  readonly tokens: readonly string[];
  /** Bodies of create requests, taken in turn. */
  readonly bodies: readonly string[];
  readonly keyPrefix: string;
  /** Commands a second, whatever they take. */
  readonly rate: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Milliseconds from the whole acknowledgement of a command to its frame, 0 where the frame came first. */
export interface LiveResult {
  readonly frames: number;
  /** The part of the frames that came before the acknowledgement. */
  readonly beforeAcknowledgement: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}
