import type { Pool } from 'pg';
import type { OwnKey } from '../../runtime/auth/own-key.js';
import { asKeeper } from './access.js';
import { appendCheckpoint } from './checkpoints/append-checkpoint.js';
import type { SignedCheckpoint } from './checkpoints/checkpoint.js';
import { forgetRows, lockUser, type Forgotten } from './sql/forget-user.js';

export type Forgetting =
  | { readonly outcome: 'unknown' }
  /** Events of the user are not in the log yet, or not published: they would never be. */
  | { readonly outcome: 'not yet'; readonly seq: number; readonly logged: number; readonly published: number }
  | {
      readonly outcome: 'forgotten';
      readonly seq: number;
      readonly rows: Forgotten;
      readonly checkpoint: SignedCheckpoint;
    };

/**
 * Forgets a user, in one transaction: destroys the key to what the log holds, and deletes tasks, events, idempotency keys and
 * settings. The log keeps that something happened, when and to which task; `users.seq` goes on, so that no number
 * comes twice. Why nothing comes back: docs/decisions/0015-forgetting-against-an-immutable-log.md
 */
export function forgetUser(pool: Pool, key: OwnKey, userId: string): Promise<Forgetting> {
  return asKeeper(pool, '', async (on) => {
    const [user] = await lockUser(on, [userId]);
    if (!user) return { outcome: 'unknown' };
    const { seq, logged, published } = user;
    if (logged < seq || published < seq) return { outcome: 'not yet', ...user };
    const rows = await forgetRows(on, userId, seq);
    const checkpoint = await appendCheckpoint(on, key, { forgotten: [[userId, seq]] });
    return { outcome: 'forgotten', seq, rows, checkpoint };
  });
}
