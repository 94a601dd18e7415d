import type { OwnKey } from '../../../runtime/auth/own-key.js';
import { OperatorError } from '../../../runtime/operator-error.js';
import type { Queryable } from '../../../runtime/postgres/pool.js';
import { insertCheckpoint, lockCheckpoints, readLastCheckpoint } from '../sql/checkpoints.js';
import {
  checkpointHash,
  isSignedBy,
  noCheckpoint,
  signCheckpoint,
  type Checkpoint,
  type SignedCheckpoint,
} from './checkpoint.js';

/**
 * Adds the next checkpoint, within a transaction of the caller's.
 * @throws OperatorError when the last one is another key's: one of this key behind it would make the whole look forged
 */
export async function appendCheckpoint(
  on: Queryable,
  key: OwnKey,
  { heads = [], forgotten = [] }: Partial<Pick<Checkpoint, 'heads' | 'forgotten'>>,
): Promise<SignedCheckpoint> {
  await lockCheckpoints(on);
  const last = await readLastCheckpoint(on);
  if (last && !isSignedBy(key.publicKey, last)) {
    throw new OperatorError(
      'the last checkpoint of the audit log was signed by another key than the one in DATA_DIR/keys/audit.pem. ' +
        'Put the key that signed it there, the same one for every process that runs the audit role',
    );
  }
  const next = signCheckpoint(
    {
      number: (last?.number ?? 0) + 1,
      previous: last ? checkpointHash(last.body) : noCheckpoint,
      created_at: new Date().toISOString(),
      key: key.id,
      heads,
      forgotten,
    },
    key.privateKey,
  );
  await insertCheckpoint(on, next);
  return next;
}
