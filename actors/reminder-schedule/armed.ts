/** What comes due of one user at one moment. */
export interface ArmedReminders {
  readonly userId: string;
  /** Epoch milliseconds. */
  readonly due: number;
  readonly reminderIds: readonly string[];
  /** Somebody has taken it, to have it committed. */
  isTaken?: boolean;
}

/** For which users this process has set timers, for when, and what comes then: what need not be looked after until then. */
export class Armed {
  private readonly users = new Map<string, ArmedReminders>();
  /** By their moments, which are whole seconds: few, since timers are set for the near future. */
  private readonly moments = new Map<number, Set<ArmedReminders>>();

  set(armed: ArmedReminders): void {
    this.clear(armed.userId);
    this.users.set(armed.userId, armed);
    const moment = this.moments.get(armed.due) ?? new Set();
    this.moments.set(armed.due, moment.add(armed));
  }

  clear(userId: string): void {
    const armed = this.users.get(userId);
    if (!armed) return;
    this.users.delete(userId);
    const moment = this.moments.get(armed.due);
    moment?.delete(armed);
    if (moment?.size === 0) this.moments.delete(armed.due);
  }

  /** The clock was set: no timer comes when it was meant to. */
  clearAll(): void {
    this.users.clear();
    this.moments.clear();
  }

  /** True when a timer comes, or just came, between two times: epoch milliseconds, both included. */
  has(userId: string, from: number, to: number): boolean {
    const { due } = this.users.get(userId) ?? { due: NaN };
    return due >= from && due <= to;
  }

  /** Takes what is due by now, of whichever users. */
  takeDue(now: number): ArmedReminders[] {
    const taken: ArmedReminders[] = [];
    for (const [due, moment] of this.moments) {
      if (due > now) continue;
      this.moments.delete(due);
      for (const armed of moment) {
        this.users.delete(armed.userId);
        armed.isTaken = true;
        taken.push(armed);
      }
    }
    return taken;
  }
}
