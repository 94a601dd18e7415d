import { TodoError } from '../../domain/errors.js';
import { asUnavailable } from '../../runtime/postgres/availability.js';
import type { FactsParts } from '../facts/commit-facts.js';
import { fireDue } from './fire-due.js';

/** How many reminders one statement commits, before the last user's are added. */
const mostAtOnce = 200;
/** How many statements run at once. */
const mostStatements = 2;

export interface FiringParts extends FactsParts {
  readonly now: () => Date;
}

interface Waiting {
  readonly userId: string;
  readonly reminderIds: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Commits what has come due, of all users of this process: what is handed to it while statements run goes together into the
 * next. Ten thousand reminders of one second are a few dozen statements.
 */
export class Firing {
  private readonly waiting: Waiting[] = [];
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly parts: FiringParts) {}

  /**
   * @returns when they are committed, but for those that are no longer pending
   * @throws TodoError `unavailable` when the database fails; they are still pending then
   */
  fire(userId: string, reminderIds: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ userId, reminderIds, resolve, reject });
      this.start();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private start(): void {
    while (this.waiting.length > 0 && this.running.size < mostStatements) {
      const running = this.commit(this.take()).finally(() => {
        this.running.delete(running);
        this.start();
      });
      this.running.add(running);
    }
  }

  private take(): Waiting[] {
    let count = 0;
    const last = this.waiting.findIndex(({ reminderIds }) => (count += reminderIds.length) >= mostAtOnce);
    return this.waiting.splice(0, last < 0 ? this.waiting.length : last + 1);
  }

  private async commit(batch: readonly Waiting[]): Promise<void> {
    const reminders = batch.flatMap(({ userId, reminderIds }) =>
      reminderIds.map((reminderId) => ({ userId, reminderId })),
    );
    try {
      await fireDue(this.parts, reminders, this.parts.now());
      for (const { resolve } of batch) resolve();
    } catch (thrown) {
      const error = asUnavailable(thrown);
      // What only one of them can be to blame for shall not stop the others.
      if (batch.length > 1 && !(error instanceof TodoError)) for (const one of batch) await this.commit([one]);
      else for (const { reject } of batch) reject(error);
    }
  }
}
