import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { calculateJwkThumbprint, exportJWK } from 'jose';

/** A key pair of our own: it signs, and checks what was signed. */
export interface OwnKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** RFC 7638 thumbprint of the public key. */
  readonly id: string;
}

/** What our own keys are for, and of what kind they are: P-256 is what push services take. The name is that of the file. */
const kinds = { 'token-signing': 'ed25519', audit: 'ed25519', notification: 'ec' } as const;
export type OwnKeyName = keyof typeof kinds;

/** Where a key of our own is kept. */
export const ownKeyFile = (dataDir: string, name: OwnKeyName): string => join(dataDir, 'keys', `${name}.pem`);

/**
 * Reads a key of `dataDir`, and makes it when there is none. Two processes that make it at once end with the
 * same key: the file appears whole, under its name, for the first of them only.
 * @param dataDir absolute path; made when missing
 */
export async function openOwnKey(dataDir: string, name: OwnKeyName = 'token-signing'): Promise<OwnKey> {
  return (await findOwnKey(dataDir, name)) ?? (await toKey(await makeKey(dataDir, name), dataDir, name));
}

/** The same, where there is one. */
export async function findOwnKey(dataDir: string, name: OwnKeyName): Promise<OwnKey | undefined> {
  const pem = await readIfThere(ownKeyFile(dataDir, name));
  return pem === undefined ? undefined : await toKey(pem, dataDir, name);
}

async function toKey(pem: string, dataDir: string, name: OwnKeyName): Promise<OwnKey> {
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== kinds[name]) {
    const kind = kinds[name] === 'ec' ? 'a P-256' : 'an Ed25519';
    throw new Error(`${ownKeyFile(dataDir, name)} is not ${kind} key; move it away, and a new one is made`);
  }
  const publicKey = createPublicKey(privateKey);
  return { privateKey, publicKey, id: await calculateJwkThumbprint(await exportJWK(publicKey)) };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function makeKey(dataDir: string, name: OwnKeyName): Promise<string> {
  const file = ownKeyFile(dataDir, name);
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${randomUUID()}`);
  try {
    await writeDurably(draft, newKey(name).export({ type: 'pkcs8', format: 'pem' }));
    // Unlike a rename, a link never replaces the key that another process has made meanwhile.
    await link(draft, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return await readFile(file, 'utf8');
}

function newKey(name: OwnKeyName): KeyObject {
  if (kinds[name] === 'ec') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return generateKeyPairSync('ed25519').privateKey;
}

async function writeDurably(file: string, content: string | Buffer): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
