/** When a child that died is started again, and when that is given up. Times in milliseconds. */
export interface RestartPolicy {
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** Ready for this long: the next restart waits only the first delay again. */
  readonly steadyAfterMs: number;
  /** This many deaths within the window, none of them after being ready for `provenAfterMs`, are fatal. */
  readonly deaths: number;
  readonly windowMs: number;
  readonly provenAfterMs: number;
}

const defaultPolicy: RestartPolicy = {
  firstDelayMs: 250,
  longestDelayMs: 5_000,
  steadyAfterMs: 30_000,
  deaths: 5,
  windowMs: 60_000,
  provenAfterMs: 10_000,
};

/** The deaths of one child, and what follows from them. */
export class RestartPlan {
  readonly #policy: RestartPolicy;
  #delayMs: number;
  #deaths: number[] = [];

  constructor(policy: Partial<RestartPolicy> = {}) {
    this.#policy = { ...defaultPolicy, ...policy };
    this.#delayMs = this.#policy.firstDelayMs;
  }

  /** How often it died in a row. */
  get deaths(): number {
    return this.#deaths.length;
  }

  /**
   * @param readyForMs how long it had been ready when it died
   * @param now milliseconds on a steady clock
   * @returns how long to wait before the next start, or undefined to give up
   */
  afterDeath(readyForMs: number, now: number): number | undefined {
    const { firstDelayMs, longestDelayMs, steadyAfterMs, deaths, windowMs, provenAfterMs } = this.#policy;
    if (readyForMs >= provenAfterMs) this.#deaths = [];
    this.#deaths = [...this.#deaths.filter((at) => at > now - windowMs), now];
    if (this.#deaths.length >= deaths) return undefined;

    if (readyForMs >= steadyAfterMs) this.#delayMs = firstDelayMs;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, longestDelayMs);
    return delayMs;
  }
}
