import { isTimeZone } from '../dates/local-date.js';
import { TodoError } from '../errors.js';
import { validator } from '../validation.js';
import { defaultChannels, isWebhookSecret, type Channels } from './channels.js';
import { channelsPatchSchema, channelsSchema, keptChannelsSchema } from './channels-schema.js';

/** What a user chose. */
export interface UserSettings {
  /** IANA zone of everything of this user's that names none. */
  readonly time_zone: string;
  readonly notifications: { readonly channels: Channels };
  /** Wall time in `time_zone`; over midnight when the end is before the start. null: none. */
  readonly quiet_hours: QuietHours | null;
}

export interface QuietHours {
  readonly start: string;
  readonly end: string;
}

/** The same as clients see it: a webhook's secret only when it is new. */
export interface ShownSettings extends Omit<UserSettings, 'notifications'> {
  readonly notifications: {
    readonly channels: Omit<Channels, 'webhook'> & {
      readonly webhook: Omit<Channels['webhook'], 'secret'> & { readonly secret?: string };
    };
  };
}

const defaultSettings: UserSettings = {
  time_zone: 'UTC',
  notifications: { channels: defaultChannels },
  quiet_hours: null,
};

const timeOfDay = { type: 'string', pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', examples: ['22:00'] } as const;
const zone = { description: 'an IANA zone', maxLength: 64, examples: ['Europe/Berlin'] } as const;
const closed = { type: 'object', additionalProperties: false } as const;
const openable = { type: ['object', 'null'], additionalProperties: false } as const;

export const settingsSchema = {
  ...closed,
  required: ['time_zone', 'notifications', 'quiet_hours'],
  properties: {
    time_zone: { ...zone, type: 'string' },
    notifications: { ...closed, required: ['channels'], properties: { channels: channelsSchema } },
    quiet_hours: { ...openable, required: ['start', 'end'], properties: { start: timeOfDay, end: timeOfDay } },
  },
} as const;

/** A JSON merge patch (RFC 7396) of the settings: null sets back to the default. */
export const settingsPatchSchema = {
  ...closed,
  minProperties: 1,
  properties: {
    time_zone: { ...zone, type: ['string', 'null'] },
    notifications: { ...openable, properties: { channels: channelsPatchSchema } },
    quiet_hours: { ...openable, properties: { start: timeOfDay, end: timeOfDay } },
  },
} as const;

const validPatch = validator<Json>(settingsPatchSchema);
const validSettings = validator<UserSettings>({
  ...settingsSchema,
  properties: {
    ...settingsSchema.properties,
    notifications: { ...closed, required: ['channels'], properties: { channels: keptChannelsSchema } },
  },
});

type Json = Readonly<Record<string, unknown>>;

/** Completes what is stored of a user by the defaults. */
export function settingsOf(stored: Json): UserSettings {
  return validSettings(completed(defaultSettings, stored));
}

export interface PatchRules {
  /** A new secret for a webhook. */
  readonly newSecret: () => string;
  /** Whether messages may go out without TLS: where the operator lets them go to the own network. */
  readonly mayBeHttp: boolean;
}

/**
 * Applies a merge patch.
 * @throws TodoError `invalid` that names every fault
 */
export function patchSettings(current: UserSettings, patch: unknown, rules: PatchRules): UserSettings {
  const wanted = settingsOf(asJson(merge(asJson(current), validPatch(patch))));
  if (!isTimeZone(wanted.time_zone)) {
    throw TodoError.invalid('/time_zone', 'is not a zone of the IANA database; write for example Europe/Berlin');
  }
  if (wanted.quiet_hours && wanted.quiet_hours.start === wanted.quiet_hours.end) {
    throw TodoError.invalid('/quiet_hours', 'must not begin and end at the same time; write null for none');
  }
  const channels = checkedChannels(wanted.notifications.channels, rules);
  return { ...wanted, notifications: { channels } };
}

/** @param before the settings before a change: what is new since then may be shown once */
export function shownSettings(settings: UserSettings, before: UserSettings = settings): ShownSettings {
  const { webhook, ...others } = settings.notifications.channels;
  const { secret, ...shown } = webhook;
  const isNew = secret !== null && secret !== before.notifications.channels.webhook.secret;
  return {
    time_zone: settings.time_zone,
    notifications: { channels: { ...others, webhook: { ...shown, ...(isNew && { secret }) } } },
    quiet_hours: settings.quiet_hours,
  };
}

function checkedChannels(channels: Channels, { newSecret, mayBeHttp }: PatchRules): Channels {
  const at = '/notifications/channels';
  const { email, webhook, web_push } = channels;
  if (email.enabled && email.address === null) {
    throw TodoError.invalid(`${at}/email/address`, 'is missing: e-mail needs an address to be enabled');
  }
  if (webhook.enabled && webhook.url === null) {
    throw TodoError.invalid(`${at}/webhook/url`, 'is missing: a webhook needs a URL to be enabled');
  }
  if (webhook.url !== null) checkTarget(webhook.url, `${at}/webhook/url`, mayBeHttp);
  if (webhook.secret !== null && webhook.url === null) {
    throw TodoError.invalid(`${at}/webhook/secret`, 'is of no use without a URL');
  }
  if (webhook.secret !== null && !isWebhookSecret(webhook.secret)) {
    throw TodoError.invalid(`${at}/webhook/secret`, 'must be whsec_ and the base64 of 24 to 64 bytes');
  }
  web_push.subscriptions.forEach(({ endpoint }, index) => {
    checkTarget(endpoint, `${at}/web_push/subscriptions/${index}/endpoint`, mayBeHttp);
  });
  return {
    ...channels,
    webhook: { ...webhook, secret: webhook.url === null ? null : (webhook.secret ?? newSecret()) },
    // A browser that subscribes again has the same endpoint with new keys.
    web_push: {
      ...web_push,
      subscriptions: [...new Map(web_push.subscriptions.map((one) => [one.endpoint, one])).values()],
    },
  };
}

function checkTarget(target: string, pointer: string, mayBeHttp: boolean): void {
  if (!URL.canParse(target)) throw TodoError.invalid(pointer, 'is not a URL');
  const { protocol, username, password, hash } = new URL(target);
  if (protocol !== 'https:' && !mayBeHttp) throw TodoError.invalid(pointer, 'must begin with https://');
  if (username !== '' || password !== '' || hash !== '') {
    throw TodoError.invalid(pointer, 'must have neither a name and password nor a fragment');
  }
}

/** RFC 7396 section 2: an absent member stays, null takes it away. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, merge(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

/** The members of `defaults`, each as it is in `given` where it is there. */
function completed(defaults: unknown, given: unknown): unknown {
  if (given === undefined) return defaults;
  if (!isObject(defaults) || !isObject(given)) return given;
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]): [string, unknown] => [name, completed(value, given[name])]),
  );
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const asJson = (value: unknown): Json => (isObject(value) ? value : {});
