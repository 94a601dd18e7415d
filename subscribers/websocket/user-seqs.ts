/** Of how many users is asked at once. */
export const usersAtOnce = 500;
const mostQuestions = 4;

/** The seqs of the users named; one without events may be missing. */
export type SeqsOfUsers = (userIds: readonly string[]) => Promise<readonly { user_id: string; seq: number }[]>;

interface Waiting {
  readonly userId: string;
  readonly resolve: (seq: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks where users stand, of many in one question: after a restart thousands of clients come back within seconds. A
 * question never joins one that is under way, whose answer may be older than what the asker has seen.
 */
export class UserSeqs {
  private readonly waiting: Waiting[] = [];
  private questions = 0;

  constructor(private readonly seqsOf: SeqsOfUsers) {}

  /** @returns the seq of the user's last event, not older than this call. @throws what the question throws */
  of(userId: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ userId, resolve, reject });
      if (this.questions < mostQuestions) void this.ask();
    });
  }

  private async ask(): Promise<void> {
    this.questions += 1;
    while (this.waiting.length > 0) {
      const some = this.waiting.splice(0, usersAtOnce);
      try {
        const answers = await this.seqsOf([...new Set(some.map(({ userId }) => userId))]);
        const seqs = new Map(answers.map(({ user_id, seq }) => [user_id, seq]));
        for (const { userId, resolve } of some) resolve(seqs.get(userId) ?? 0);
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    this.questions -= 1;
  }
}
