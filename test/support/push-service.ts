import { createECDH, createPublicKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { jwtVerify } from 'jose';
import type { PushSubscription } from '../../domain/user/channels.js';

interface Decryption {
  readonly version: 'aes128gcm';
  readonly privateKey: ReturnType<typeof createECDH>;
  readonly authSecret: string;
}

/** Encrypted content encoding (RFC 8188) as push services' clients have it; its types are not published. */
export const { decrypt } = createRequire(import.meta.url)('http_ece') as {
  decrypt: (body: Buffer, parameters: Decryption) => Buffer;
};

/** A message as the browser's service worker gets it, and what the push service saw of it. */
export interface PushedMessage {
  readonly endpoint: string;
  readonly text: string;
  readonly ttl: string | undefined;
  readonly urgency: string | undefined;
  readonly topic: string | undefined;
  /** The claims of a JWT that was signed by the key which the browser subscribed with. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A push service (RFC 8030) that lets in who can prove the key (RFC 8292), with browsers that decrypt (RFC 8291). */
export interface PushService {
  readonly messages: PushedMessage[];
  /** What was wrong with requests that it refused by itself. */
  readonly faults: unknown[];
  /** A browser subscribes. @param applicationServerKey in base64url */
  subscribe(applicationServerKey: string): PushSubscription;
  /** The service answers for this browser so from now on; 201 takes messages. */
  answer(endpoint: string, status: number): void;
  close(): Promise<void>;
}

export async function startPushService(): Promise<PushService> {
  const browsers = new Map<
    string,
    { key: string; pair: ReturnType<typeof createECDH>; auth: string; status: number }
  >();
  const messages: PushedMessage[] = [];
  const faults: unknown[] = [];

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      take(request.url ?? '', request.headers, Buffer.concat(chunks)).then(
        (status) => response.writeHead(status).end(),
        (fault: unknown) => {
          faults.push(fault);
          response.writeHead(403).end();
        },
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function take(path: string, headers: NodeJS.Dict<string | string[]>, body: Buffer): Promise<number> {
    const endpoint = origin + path;
    const browser = browsers.get(endpoint);
    if (!browser) return 404;
    if (browser.status !== 201) return browser.status;
    const [, token = '', key = ''] = /^vapid t=([^,]+), k=([\w-]+)$/.exec(String(headers['authorization'])) ?? [];
    if (key !== browser.key) throw new Error('not the key that the browser subscribed with');
    const { payload } = await jwtVerify(token, publicKeyOf(key), { algorithms: ['ES256'], audience: origin });
    if (headers['content-encoding'] !== 'aes128gcm') throw new Error('not encrypted as RFC 8291 says');
    if (body.length > 4096) throw new Error('more than a push service has to take');
    const text = decrypt(body, { version: 'aes128gcm', privateKey: browser.pair, authSecret: browser.auth }).toString();
    const header = (name: string) => (headers[name] === undefined ? undefined : String(headers[name]));
    messages.push({
      endpoint,
      text,
      ttl: header('ttl'),
      urgency: header('urgency'),
      topic: header('topic'),
      claims: payload,
    });
    return 201;
  }

  return {
    messages,
    faults,
    subscribe(key) {
      const endpoint = `${origin}/push/${randomBytes(12).toString('hex')}`;
      const pair = createECDH('prime256v1');
      pair.generateKeys();
      const auth = randomBytes(16).toString('base64url');
      browsers.set(endpoint, { key, pair, auth, status: 201 });
      return { endpoint, expirationTime: null, keys: { p256dh: pair.getPublicKey('base64url'), auth } };
    },
    answer(endpoint, status) {
      const browser = browsers.get(endpoint);
      if (browser) browser.status = status;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** An uncompressed point of P-256 (RFC 8292 section 3.2). */
function publicKeyOf(key: string) {
  const point = Buffer.from(key, 'base64url');
  const [x, y] = [point.toString('base64url', 1, 33), point.toString('base64url', 33)];
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } });
}
