import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { LRUCache } from 'lru-cache';
import { TodoError } from '../../domain/errors.js';
import { channelNames, isSetUp, type ChannelName } from '../../domain/user/channels.js';
import { settingsOf } from '../../domain/user/settings.js';
import { validator } from '../../domain/validation.js';
import type { RoleContext } from '../../runtime/role.js';
import type { OutsideChannels, ReminderMessage } from './channels/channel.js';
import type { LogChannel } from './channels/log.js';
import type { NotificationKeys } from './keys.js';
import { readUsers, turnOff } from './sql/users.js';
import { addressHash, readUnsubscribeToken } from './unsubscribe.js';

/** A trial has to be over before whoever asked for it gives up waiting, in milliseconds. */
const trialMs = 4_000;
const minuteMs = 60_000;
const mostTrialsAMinute = 10;
const mostUsersRemembered = 100_000;

const trialRequest = validator<{ user_id: string; channel: ChannelName }>({
  type: 'object',
  additionalProperties: false,
  required: ['user_id', 'channel'],
  properties: { user_id: { type: 'string', minLength: 1 }, channel: { enum: channelNames } },
});

const linkRequest = validator<{ token: string }>({
  type: 'object',
  additionalProperties: false,
  required: ['token'],
  properties: { token: { type: 'string' } },
});

export interface QuestionsOptions {
  readonly appDoor: Pick<RoleContext['appDoor'], 'method'>;
  readonly pool: Pool;
  readonly log: Logger;
  readonly keys: NotificationKeys;
  readonly channels: OutsideChannels;
  readonly logChannel: LogChannel;
  readonly now: () => number;
}

/** What the gateway asks of the role. */
export function answerQuestions({ appDoor, pool, log, keys, channels, logChannel, now }: QuestionsOptions): void {
  const trials = new LRUCache<string, number>({ max: mostUsersRemembered, ttl: minuteMs, noUpdateTTL: true });

  appDoor.method('channels', () =>
    Promise.resolve({
      channels: channelNames.map((channel) => ({
        channel,
        available: channel === 'log' || channels[channel] !== undefined,
        ...(channel === 'web_push' && { public_key: keys.vapid.publicKey }),
      })),
    }),
  );

  appDoor.method('test-channel', async (body) => {
    const { user_id, channel } = trialRequest(body);
    const count = (trials.get(user_id) ?? 0) + 1;
    if (count > mostTrialsAMinute) {
      throw new TodoError('rate_limited', `A channel can be tried ${mostTrialsAMinute} times a minute.`);
    }
    trials.set(user_id, count);
    const message = trialMessage(user_id, new Date(now()));
    if (channel === 'log') {
      logChannel(message);
      return { channel, delivered: true, error: null };
    }
    const [row] = await readUsers(pool, [[user_id]]);
    const own = settingsOf(row?.settings ?? {}).notifications.channels;
    if (!isSetUp(own, channel)) {
      throw new TodoError('conflict', `Set up ${channel} in /v1/me first: there is nowhere to send it.`);
    }
    const sender = channels[channel];
    if (!sender) throw new TodoError('conflict', `This system is not set up for ${channel}.`);
    const outcome = await sender.send(message, own, trialMs);
    return { channel, delivered: outcome.kind === 'sent', error: outcome.kind === 'sent' ? null : outcome.error };
  });

  appDoor.method('unsubscribe', async (body) => {
    const link = readUnsubscribeToken(keys.links, linkRequest(body).token);
    if (!link) throw new TodoError('not_found', 'This link is none that was sent from here.');
    const [row] = await readUsers(pool, [[link.userId]]);
    const { address } = settingsOf(row?.settings ?? {}).notifications.channels.email;
    // To another address nothing goes that this link could end.
    if (address !== null && addressHash(address) === link.addressHash) {
      await turnOff(pool, [link.userId, 'email']);
      log.info({ user_id: link.userId }, 'reminders by e-mail were ended by the link in one');
    }
    return {};
  });
}

function trialMessage(userId: string, at: Date): ReminderMessage {
  return {
    id: randomUUID(),
    user_id: userId,
    reminder_id: randomUUID(),
    task_id: randomUUID(),
    occurrence: null,
    due_at: at.toISOString(),
    late_by_seconds: 0,
    task: { title: 'A test of your reminders', due_date: null, time_zone: 'UTC' },
    is_test: true,
  };
}
