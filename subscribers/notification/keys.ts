import { createECDH, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { NotificationSettings } from '../../runtime/notification-settings.js';
import { openOwnKey } from '../../runtime/auth/own-key.js';

/** A key pair of P-256 in base64url, as push services and browsers take it (RFC 8292). */
export interface VapidKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** The keys of the notification role: all come from one. */
export interface NotificationKeys {
  readonly vapid: VapidKeys;
  /** Signs links; see `unsubscribe.ts`. */
  readonly links: LinkSigner;
}

export interface LinkSigner {
  /** HMAC-SHA256 in base64url. */
  sign(text: string): string;
  isSignature(text: string, signature: string): boolean;
}

/** @param dataDir where the key is kept, and made when it is missing, unless the settings have one */
export async function openNotificationKeys(
  dataDir: string,
  { vapidPrivateKey }: Pick<NotificationSettings, 'vapidPrivateKey'>,
): Promise<NotificationKeys> {
  const secret = Buffer.from(vapidPrivateKey ?? (await ownSecret(dataDir)), 'base64url');
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(secret);
  const vapid = { publicKey: pair.getPublicKey('base64url'), privateKey: secret.toString('base64url') };
  return { vapid, links: linkSigner(Buffer.from(hkdfSync('sha256', secret, '', 'todo-chatbot links', 32))) };
}

async function ownSecret(dataDir: string): Promise<string> {
  const { privateKey } = await openOwnKey(dataDir, 'notification');
  return privateKey.export({ format: 'jwk' }).d ?? '';
}

function linkSigner(key: Buffer): LinkSigner {
  const mac = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    sign: (text) => mac(text).toString('base64url'),
    isSignature(text, signature) {
      const given = Buffer.from(signature, 'base64url');
      const expected = mac(text);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
