import type { Logger } from 'pino';
import type { OwnKey } from '../../../runtime/auth/own-key.js';
import { RepeatedTask } from '../../../runtime/repeated-task.js';
import { inTransaction, type AuditAccess } from '../access.js';
import { readLastCheckpoint } from '../sql/checkpoints.js';
import { readHeadsSince, type Head } from '../sql/read-entries.js';
import { appendCheckpoint } from './append-checkpoint.js';
import type { Checkpoint, SignedCheckpoint } from './checkpoint.js';

/** An entry is covered by a checkpoint this long after it was written. */
const delayMs = 2_000;
/** Of so many users at most in one checkpoint; with as many waiting, it is written at once. */
const mostHeads = 5_000;
/** A transaction that began before a checkpoint may have ended after it, by no more than a statement may take. */
const overlapMs = 60_000;

export interface CheckpointsParts {
  readonly access: Pick<AuditAccess, 'writer'>;
  readonly key: OwnKey;
  readonly log: Logger;
  /** Told of each checkpoint that is in the database. */
  readonly signed: (checkpoint: SignedCheckpoint) => Promise<void>;
}

/** Signs how far the chains have come, shortly after they have, beside the work of the log. */
export class Checkpoints {
  private readonly waiting = new Map<string, Head>();
  private timer: NodeJS.Timeout | undefined;
  private readonly task: RepeatedTask;
  private leftFrom: Date | undefined;

  constructor(private readonly parts: CheckpointsParts) {
    this.task = new RepeatedTask('signing a checkpoint of the audit log', parts.log, () => this.signWaiting());
  }

  /** Takes note of how far a user's chain has come. */
  note(userId: string, head: Head): void {
    this.waiting.set(userId, head);
    if (this.waiting.size >= mostHeads) this.task.request();
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.task.request();
    }, delayMs);
  }

  /** Takes note of those of the users whose last entries an earlier process wrote and did not come to sign. */
  async noteLeftovers(userIds: readonly string[]): Promise<void> {
    const since = (this.leftFrom ??= await this.lastSigned());
    const heads = await readHeadsSince(this.parts.access.writer, userIds, since);
    for (const { user_id, ...head } of heads) {
      if (!this.waiting.has(user_id)) this.note(user_id, head);
    }
  }

  /** Signs what is left to sign. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    await this.task.stop();
    await this.signWaiting().catch((error: unknown) => {
      this.parts.log.warn(
        { err: error },
        'the last checkpoint of the audit log was not signed; the next start does it',
      );
    });
  }

  private async signWaiting(): Promise<void> {
    while (this.waiting.size > 0) {
      const some = [...this.waiting].slice(0, mostHeads);
      const heads = some.map(([userId, { seq, hash }]) => [userId, seq, hash.toString('hex')] as const);
      const { access, key } = this.parts;
      const checkpoint = await inTransaction(access.writer, async (on) => {
        await on.query('BEGIN');
        return await appendCheckpoint(on, key, { heads });
      });
      for (const [userId, head] of some) {
        if (this.waiting.get(userId) === head) this.waiting.delete(userId);
      }
      await this.parts.signed(checkpoint);
    }
  }

  private async lastSigned(): Promise<Date> {
    const last = await readLastCheckpoint(this.parts.access.writer);
    const at = last ? Date.parse((JSON.parse(last.body) as Checkpoint).created_at) : 0;
    return new Date(Math.max(0, at - overlapMs));
  }
}
