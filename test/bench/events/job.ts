/** What the process does that measures how long a committed event takes to a consumer of Kafka. */
export interface ArrivalsJob {
  readonly url: string;
  readonly brokers: string;
  /** One a user. */
  readonly tokens: readonly string[];
  /** Bodies of create requests, taken in turn. */
  readonly bodies: readonly string[];
  readonly keyPrefix: string;
  /** Commands a second, whatever they take. */
  readonly rate: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** What was measured at one rate. */
export interface Arrivals {
  /** Commands a second. */
  readonly rate: number;
  /** No command was refused, and never were answers to those of half a second owed. */
  readonly wasHeld: boolean;
  readonly messages: number;
  /** The part of the messages that came before the acknowledgement. */
  readonly beforeAcknowledgement: number;
  /** Until the message is there, in milliseconds; 0 where it came before the acknowledgement. */
  readonly afterAcknowledgement: Milliseconds;
  readonly afterRequest: Milliseconds;
  /** From the request to its whole answer. */
  readonly acknowledgement: Milliseconds;
  /** The part of the time in which the process that measured was busy itself. */
  readonly ownUse: number;
}

export interface Milliseconds {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}
