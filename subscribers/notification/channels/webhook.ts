import { Webhook } from 'standardwebhooks';
import type { Poster } from '../outbound/post.js';
import { sent, type Channel, type ReminderMessage } from './channel.js';
import { posted } from './posted.js';

/** Messages to a URL of the user's, signed as Standard Webhooks says (standardwebhooks.com, version 1). */
export function webhookChannel(poster: Poster, now: () => number = Date.now): Channel {
  return {
    hostOf: ({ webhook }) => (webhook.url === null ? '' : new URL(webhook.url).host),
    async send(message, { webhook }, timeoutMs) {
      const { url, secret } = webhook;
      if (url === null || secret === null) return { kind: 'never', error: 'no URL is set' };
      // The moment of this try, which receivers check the signature with; the id stays the same.
      const at = new Date(now());
      const body = JSON.stringify(payloadOf(message));
      const headers = {
        'content-type': 'application/json',
        'webhook-id': message.id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign(message.id, at, body),
      };
      return await posted(
        () => poster.post(url, headers, body, timeoutMs),
        ({ status, retryAfterMs }) => {
          if (status >= 200 && status < 300) return sent;
          const error = `the receiver answered ${status}`;
          if (status === 410) return { kind: 'never', error, isGone: true };
          return { kind: 'again', error, ...(retryAfterMs !== null && { afterMs: retryAfterMs }) };
        },
      );
    },
    close: () => Promise.resolve(),
  };
}

function payloadOf(message: ReminderMessage): object {
  const { user_id, reminder_id, task_id, occurrence, due_at, late_by_seconds, task, is_test } = message;
  return {
    type: is_test ? 'reminder.test' : 'reminder.due',
    timestamp: due_at,
    data: { user_id, reminder_id, task_id, occurrence, due_at, late_by_seconds, task },
  };
}
