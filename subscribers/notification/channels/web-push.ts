import { LRUCache } from 'lru-cache';
import webPush from 'web-push';
import type { PushSubscription } from '../../../domain/user/channels.js';
import type { VapidKeys } from '../keys.js';
import type { Poster } from '../outbound/post.js';
import { sent, type Channel, type Outcome, type ReminderMessage } from './channel.js';
import { posted } from './posted.js';
import { wordingOf } from './wording.js';

/** A push service keeps a message so long for a browser that is away, in seconds. */
const keptSeconds = 24 * 3600;
const mostRemembered = 10_000;

export interface WebPushOptions {
  readonly poster: Poster;
  readonly keys: VapidKeys;
  /** Whom a push service may turn to. */
  readonly subject: string;
  /** Called when a browser has withdrawn its subscription. */
  readonly onGone: (userId: string, endpoint: string) => Promise<void>;
}

/** Messages to the user's browsers (RFC 8030), encrypted (RFC 8291) and signed (RFC 8292). */
export function webPushChannel({ poster, keys, subject, onGone }: WebPushOptions): Channel {
  const vapidDetails = { subject, ...keys };
  // Which browsers have a message already whose others are tried again.
  const taken = new LRUCache<string, Set<string>>({ max: mostRemembered });

  async function sendTo(subscription: PushSubscription, message: ReminderMessage, timeoutMs: number): Promise<Outcome> {
    let request;
    try {
      const { endpoint, keys: own } = subscription;
      request = webPush.generateRequestDetails({ endpoint, keys: own }, payloadOf(message), {
        vapidDetails,
        TTL: keptSeconds,
        urgency: 'high',
        // One that was not delivered yet gives way to the same again (RFC 8030 section 5.4).
        topic: Buffer.from(message.id.replaceAll('-', ''), 'hex').toString('base64url'),
        contentEncoding: 'aes128gcm',
      });
    } catch {
      return { kind: 'never', error: 'the keys of a browser are of no use' };
    }
    const { endpoint, headers, body } = request;
    return await posted(
      () => poster.post(endpoint, headers, body, timeoutMs),
      ({ status, retryAfterMs }) => {
        if (status >= 200 && status < 300) return sent;
        const error = `the push service answered ${status}`;
        // RFC 8030 section 7.3: the subscription is over.
        if (status === 404 || status === 410) return { kind: 'never', error, isGone: true };
        if (status === 400 || status === 413) return { kind: 'never', error };
        return { kind: 'again', error, ...(retryAfterMs !== null && { afterMs: retryAfterMs }) };
      },
    );
  }

  return {
    hostOf: ({ web_push: { subscriptions } }) => {
      const [first] = subscriptions;
      return first ? new URL(first.endpoint).host : '';
    },
    async send(message, { web_push: { subscriptions } }, timeoutMs) {
      const has = taken.get(message.id) ?? new Set<string>();
      const outcomes = await Promise.all(
        subscriptions.map(async (subscription) => {
          if (has.has(subscription.endpoint)) return sent;
          const outcome = await sendTo(subscription, message, timeoutMs);
          if (outcome.kind === 'sent') has.add(subscription.endpoint);
          if (outcome.kind === 'never' && outcome.isGone) await onGone(message.user_id, subscription.endpoint);
          return outcome;
        }),
      );
      const again = outcomes.find(({ kind }) => kind === 'again');
      if (again && has.size > 0) taken.set(message.id, has);
      else taken.delete(message.id);
      if (again) return again;
      // A browser that is gone is not waited for; one at least must have it.
      const refused = outcomes.find(({ kind }) => kind === 'never');
      if (has.size > 0) return sent;
      return { kind: 'never', error: refused?.kind === 'never' ? refused.error : 'no browser is subscribed' };
    },
    close: () => Promise.resolve(),
  };
}

/** What a service worker shows. `tag` has a browser replace a notification by the same one again. */
function payloadOf(message: ReminderMessage): string {
  const { title, lines } = wordingOf(message);
  const { id, reminder_id, task_id, occurrence, due_at, late_by_seconds, is_test } = message;
  return JSON.stringify({
    type: is_test ? 'reminder.test' : 'reminder.due',
    title,
    body: lines.join('\n'),
    tag: id,
    data: { reminder_id, task_id, occurrence, due_at, late_by_seconds },
  });
}
