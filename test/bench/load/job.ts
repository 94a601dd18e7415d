import type { Request } from 'autocannon';

/** One request that a load repeats. */
export interface LoadCall {
  readonly method: NonNullable<Request['method']>;
  readonly path: string;
  /** Index into the job's tokens. */
  readonly user: number;
  readonly body?: string;
}

/** What a load process does. */
export interface LoadJob {
  readonly url: string;
  readonly connections: number;
  readonly tokens: readonly string[];
  /** Made in this order; from the front again when they are used up, unless `once`. */
  readonly calls: readonly LoadCall[];
  /** Each call is made once: the load ends with them. */
  readonly once: boolean;
  /** Sends each request with an Idempotency-Key that begins with this; null sends none. */
  readonly keyPrefix: string | null;
  /** Not measured: requests of a `once` job, seconds of any other. */
  readonly warmUp: number;
  /** Measured: all that is left of a `once` job, seconds of any other. */
  readonly seconds: number;
}

/** What it measured. */
export interface LoadResult {
  readonly requests: number;
  /** With those of the warm-up and of what ran over the end. */
  readonly requestsInAll: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  /** Milliseconds from a request to its whole answer. */
  readonly p50: number;
  readonly p99: number;
}
