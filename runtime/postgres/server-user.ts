import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A user to run a program as, by number. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

/**
 * The user to run PostgreSQL as, or undefined for our own: PostgreSQL refuses to run as root. An existing data folder's
 * owner stays its owner; a new one belongs to `postgres` where the system has that user, else to `nobody`.
 */
export async function serverUser(dataFolder: string): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(dataFolder).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const name of ['postgres', '_postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      continue; // the system has no such user
    }
  }
  throw new Error('PostgreSQL does not run as root, and this system has neither a user "postgres" nor "nobody"');
}
