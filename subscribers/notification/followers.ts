import type { Logger } from 'pino';
import { RepeatedTask } from '../../runtime/repeated-task.js';

const callsAtOnce = 16;
const mostUsers = 50_000;

/**
 * Tells the schedules of users that something changed in them. Nobody waits for it: a schedule that is away holds up no other
 * user's reminder, and the sweep finds what a schedule was not told of.
 */
export class ScheduleFollowers {
  private users = new Set<string>();
  private isStopped = false;
  private readonly telling: RepeatedTask;

  constructor(
    log: Logger,
    private readonly follow: (userId: string) => Promise<unknown>,
  ) {
    this.telling = new RepeatedTask('telling the schedules of reminders', log, () => this.tell());
  }

  note(userIds: Iterable<string>): void {
    for (const userId of userIds) if (this.users.size < mostUsers) this.users.add(userId);
    if (this.users.size > 0) this.telling.request();
  }

  /** Lets running calls end and makes no other. */
  stop(): Promise<void> {
    this.isStopped = true;
    return this.telling.stop();
  }

  private async tell(): Promise<void> {
    const waiting = [...this.users];
    this.users = new Set();
    const failed = new Map<string, unknown>();
    const worker = async (): Promise<void> => {
      for (let userId = waiting.pop(); userId !== undefined && !this.isStopped; userId = waiting.pop()) {
        try {
          await this.follow(userId);
        } catch (error) {
          failed.set(userId, error);
        }
      }
    };
    await Promise.all(Array.from({ length: callsAtOnce }, worker));
    const [first] = failed;
    if (!first) return;
    this.note(failed.keys());
    throw new Error(`the schedules of ${failed.size} users did not answer`, { cause: first[1] });
  }
}
