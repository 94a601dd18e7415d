import type { Pool } from 'pg';
import type { Logger } from 'pino';

/** Where processes tell the leader of their commits; a payload is a user id. */
export const signalChannel = 'todo_relay';

/**
 * Tells the leading process whose events wait to be published. Never within a commit: NOTIFY takes a lock of the whole
 * database when its transaction commits, and a user is told of once for all the commits that came together.
 */
export class LeaderSignal {
  private readonly users = new Set<string>();
  private sending: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly log: Logger,
  ) {}

  tell(userId: string): void {
    this.users.add(userId);
    this.sending ??= this.send();
  }

  /** Resolves when all of it has been told. */
  async idle(): Promise<void> {
    await this.sending;
  }

  private async send(): Promise<void> {
    while (this.users.size > 0) {
      const users = [...this.users];
      this.users.clear();
      try {
        await this.pool.query({
          name: 'signal-leader',
          text: `SELECT pg_notify('${signalChannel}', user_id) FROM unnest($1::text[]) AS user_id`,
          values: [users],
        });
      } catch (error) {
        this.log.debug({ err: error }, 'the relay was not told of commits; its sweep finds them');
      }
    }
    this.sending = undefined;
  }
}
