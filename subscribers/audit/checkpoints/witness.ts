import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointHash, type SignedCheckpoint } from './checkpoint.js';

/** A checkpoint as it is remembered outside the database: with it, cutting off the last checkpoints shows too. */
export interface Witness {
  readonly number: number;
  /** SHA-256 (hex) of its body. */
  readonly hash: string;
}

const fileOf = (dataDir: string): string => join(dataDir, 'keys', 'audit-checkpoint.json');

/** Remembers the newest checkpoint beside the key that signed it. */
export async function remember(dataDir: string, { number, body }: SignedCheckpoint): Promise<void> {
  const file = fileOf(dataDir);
  const draft = `${file}.${randomUUID()}`;
  const witness: Witness = { number, hash: checkpointHash(body) };
  try {
    await writeFile(draft, `${JSON.stringify(witness)}\n`, { mode: 0o600 });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

/** The newest checkpoint that was seen from here, where there was one. */
export async function recall(dataDir: string): Promise<Witness | null> {
  try {
    return JSON.parse(await readFile(fileOf(dataDir), 'utf8')) as Witness;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
