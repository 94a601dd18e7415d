/** How many commits of one user run at once. */
const most = 4;

interface Lanes {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Lets few commits of one user run at once, in the order in which they come. They wait for each other in the database in any
 * case, where each that waits holds a connection: a user with a thousand commands would take them all from everybody else.
 */
export class UserLanes {
  private readonly users = new Map<string, Lanes>();

  async run<T>(userId: string, commit: () => Promise<T>): Promise<T> {
    const lanes = this.users.get(userId) ?? { running: 0, waiting: [] };
    this.users.set(userId, lanes);
    if (lanes.running < most) lanes.running += 1;
    else await new Promise<void>((resolve) => lanes.waiting.push(resolve));
    try {
      return await commit();
    } finally {
      const next = lanes.waiting.shift();
      if (next) next();
      else if ((lanes.running -= 1) === 0) this.users.delete(userId);
    }
  }
}
