import type { Pool } from 'pg';
import type { Logger } from 'pino';

/** Where processes tell each other of their commits. */
export const signalChannel = 'todo_relay';

/** That a user has events up to a seq. */
export interface CommitSignal {
  readonly userId: string;
  readonly seq: number;
}

/** @param message as {@link CommitSignals} sends it */
export function parseSignal(message: string): CommitSignal {
  const space = message.indexOf(' ');
  return { userId: message.slice(space + 1), seq: Number(message.slice(0, space)) };
}

/**
 * Tells the other processes whose events wait to be published. Never within a commit: NOTIFY takes a lock of the whole
 * database when its transaction commits, and a user is told of once for all the commits that came together.
 */
export class CommitSignals {
  private readonly seqs = new Map<string, number>();
  private sending: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly log: Logger,
  ) {}

  tell(userId: string, seq: number): void {
    this.seqs.set(userId, Math.max(seq, this.seqs.get(userId) ?? 0));
    this.sending ??= this.send();
  }

  /** Resolves when all of it has been told. */
  async idle(): Promise<void> {
    await this.sending;
  }

  private async send(): Promise<void> {
    while (this.seqs.size > 0) {
      const messages = [...this.seqs].map(([userId, seq]) => `${seq} ${userId}`);
      this.seqs.clear();
      try {
        await this.pool.query({
          name: 'signal-commits',
          text: `SELECT pg_notify('${signalChannel}', message) FROM unnest($1::text[]) AS message`,
          values: [messages],
        });
      } catch (error) {
        this.log.debug({ err: error }, 'the relay was not told of commits; its sweep finds them');
      }
    }
    this.sending = undefined;
  }
}
