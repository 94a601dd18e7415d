import type { Logger } from 'pino';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import type { LiveFeeds } from './live-feeds.js';
import type { LiveLimits } from './limits.js';
import { usersAtOnce, type SeqsOfUsers } from './user-seqs.js';

export interface PlaceCheckParts {
  readonly feeds: LiveFeeds;
  readonly seqsOf: SeqsOfUsers;
  readonly limits: Pick<LiveLimits, 'compareEveryMs' | 'compareRestMsOfUser'>;
  readonly log: Logger;
}

/**
 * Compares where the users with connections stand with what was heard of them, so that a change whose message was lost is
 * shown all the same, and not only with the user's next one. Why it does so unasked as well:
 * docs/decisions/0012-live-feeds-across-replicas.md.
 */
export class PlaceCheck {
  private timer: NodeJS.Timeout | undefined;
  private readonly task: RepeatedTask;

  constructor(private readonly parts: PlaceCheckParts) {
    this.task = new RepeatedTask('bringing the live feeds up to date', parts.log, () => this.compare());
    this.rest(0);
  }

  /** Compares now: messages may have been lost. */
  request(): void {
    this.task.request();
  }

  async stop(): Promise<void> {
    await this.task.stop();
    clearTimeout(this.timer);
  }

  private async compare(): Promise<void> {
    const { feeds, seqsOf } = this.parts;
    const userIds = feeds.userIds();
    for (let start = 0; start < userIds.length; start += usersAtOnce) {
      for (const { user_id, seq } of await seqsOf(userIds.slice(start, start + usersAtOnce))) {
        feeds.hearOf(user_id, seq);
      }
    }
    this.rest(userIds.length);
  }

  private rest(users: number): void {
    const { compareEveryMs, compareRestMsOfUser } = this.parts.limits;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.task.request(), Math.max(compareEveryMs, users * compareRestMsOfUser));
  }
}
