/** The ways by which a reminder reaches a user. */
export const channelNames = ['log', 'email', 'webhook', 'web_push'] as const;
export type ChannelName = (typeof channelNames)[number];

/** A browser that takes messages, as its `PushSubscription.toJSON()` says it (Push API). */
export interface PushSubscription {
  /** The push service's address of this browser. */
  readonly endpoint: string;
  readonly expirationTime?: number | null | undefined;
  /** In base64url: what messages are encrypted with (RFC 8291 section 3.1). */
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** What a user chose of each channel. */
export interface Channels {
  /** A line of the program's own log. */
  readonly log: { readonly enabled: boolean };
  readonly email: { readonly enabled: boolean; readonly address: string | null };
  /** `secret`: what messages are signed with, `whsec_` and base64; there is one where there is a URL. */
  readonly webhook: { readonly enabled: boolean; readonly url: string | null; readonly secret: string | null };
  readonly web_push: { readonly enabled: boolean; readonly subscriptions: readonly PushSubscription[] };
}

export const defaultChannels: Channels = {
  log: { enabled: true },
  email: { enabled: false, address: null },
  webhook: { enabled: false, url: null, secret: null },
  web_push: { enabled: false, subscriptions: [] },
};

/** True for a channel that has what it needs to reach the user. */
export function isSetUp(channels: Channels, channel: ChannelName): boolean {
  switch (channel) {
    case 'log':
      return true;
    case 'email':
      return channels.email.address !== null;
    case 'webhook':
      return channels.webhook.url !== null;
    case 'web_push':
      return channels.web_push.subscriptions.length > 0;
  }
}

/** The channels by which this user wants reminders, as far as they can. */
export function chosenChannels(channels: Channels): ChannelName[] {
  return channelNames.filter((channel) => channels[channel].enabled && isSetUp(channels, channel));
}

/** Standard Webhooks: base64 of 24 to 64 bytes. */
export function isWebhookSecret(secret: string): boolean {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/.exec(secret) ?? [];
  const bytes = Math.floor((base64.replaceAll('=', '').length * 3) / 4);
  return base64.length % 4 === 0 && bytes >= 24 && bytes <= 64;
}
