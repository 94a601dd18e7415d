/** The first and the longest pause after a failure, in milliseconds. */
const pauseMs = { first: 100, longest: 1_000 };

/** Keeps something that fails from being tried over and over: each failure is followed by a longer pause. */
export class BackOff {
  private next = pauseMs.first;
  private pause: NodeJS.Timeout | undefined;

  /** @param over called at the end of each pause */
  constructor(private readonly over: () => void) {}

  get isResting(): boolean {
    return this.pause !== undefined;
  }

  /** @returns how long it rests now, in milliseconds; failures during a pause do not make it longer */
  failed(): number {
    const ms = this.next;
    if (this.pause) return ms;
    this.next = Math.min(ms * 2, pauseMs.longest);
    this.pause = setTimeout(() => {
      this.pause = undefined;
      this.over();
    }, ms);
    return ms;
  }

  succeeded(): void {
    this.next = pauseMs.first;
  }

  stop(): void {
    clearTimeout(this.pause);
  }
}
