/** For which users this process has set timers, and for when: what need not be looked after until then. */
export class Armed {
  private readonly users = new Map<string, number>();

  /** @param due epoch milliseconds */
  set(userId: string, due: number): void {
    this.users.set(userId, due);
  }

  clear(userId: string): void {
    this.users.delete(userId);
  }

  /** The clock was set: no timer comes when it was meant to. */
  clearAll(): void {
    this.users.clear();
  }

  /** True when a timer comes, or just came, between two times: epoch milliseconds, both included. */
  has(userId: string, from: number, to: number): boolean {
    const due = this.users.get(userId);
    return due !== undefined && due >= from && due <= to;
  }
}
