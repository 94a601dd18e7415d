/**
 * The offsets, in seconds and rising, at which slots stand in a day, an hour, a minute or whatever else: all hours with
 * all minutes with all seconds. There may be 86,400 of them, so they are not listed but found by their index.
 */
export class Times {
  readonly size: number;

  constructor(
    private readonly hours: readonly number[],
    private readonly minutes: readonly number[],
    private readonly seconds: readonly number[],
  ) {
    this.size = hours.length * minutes.length * seconds.length;
  }

  at(index: number): number {
    const { hours, minutes, seconds } = this;
    const minute = Math.floor(index / seconds.length);
    const hour = hours[Math.floor(minute / minutes.length)] ?? 0;
    return hour * 3600 + (minutes[minute % minutes.length] ?? 0) * 60 + (seconds[index % seconds.length] ?? 0);
  }

  /** The index of the first that is later; `size` when none is. */
  indexAfter(offset: number): number {
    if (offset < this.at(0)) return 0;
    let low = 0;
    let high = this.size;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.at(middle) <= offset) low = middle;
      else high = middle;
    }
    return high;
  }
}

/** One time alone: of what is counted in seconds already. */
export const once = new Times([0], [0], [0]);
