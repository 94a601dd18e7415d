const closed = { type: 'object', additionalProperties: false } as const;
const openable = { type: ['object', 'null'], additionalProperties: false } as const;
const boolean = { type: 'boolean' } as const;
const maybeBoolean = { type: ['boolean', 'null'] } as const;

const address = { type: ['string', 'null'], format: 'email', maxLength: 254, examples: ['alice@example.com'] } as const;
const httpUrl = { format: 'uri', pattern: '^https?://', maxLength: 2000 } as const;
const url = { ...httpUrl, type: ['string', 'null'], examples: ['https://example.com/reminders'] } as const;
const secret = { type: ['string', 'null'], maxLength: 100 } as const;

const subscriptions = {
  maxItems: 20,
  description: 'what PushSubscription.toJSON() gives in each browser',
  items: {
    ...closed,
    required: ['endpoint', 'keys'],
    properties: {
      endpoint: { ...httpUrl, type: 'string' },
      expirationTime: { type: ['number', 'null'] },
      keys: {
        ...closed,
        required: ['p256dh', 'auth'],
        properties: {
          // 65 and 16 bytes (RFC 8291 section 3.1).
          p256dh: { type: 'string', pattern: '^[A-Za-z0-9_-]{87}=?$' },
          auth: { type: 'string', pattern: '^[A-Za-z0-9_-]{22}(==)?$' },
        },
      },
    },
  },
} as const;

const shownSecret = {
  type: 'string',
  description: 'what messages are signed with; only in the answer to the call that made or changed it',
} as const;

/** The channels as they are shown: all of them, without secrets that were shown before. */
export const channelsSchema = {
  ...closed,
  required: ['log', 'email', 'webhook', 'web_push'],
  properties: {
    log: { ...closed, required: ['enabled'], properties: { enabled: boolean } },
    email: { ...closed, required: ['enabled', 'address'], properties: { enabled: boolean, address } },
    webhook: {
      ...closed,
      required: ['enabled', 'url'],
      properties: { enabled: boolean, url, secret: shownSecret },
    },
    web_push: {
      ...closed,
      required: ['enabled', 'subscriptions'],
      properties: { enabled: boolean, subscriptions: { ...subscriptions, type: 'array' } },
    },
  },
} as const;

/** The channels as they are kept, with the secret. */
export const keptChannelsSchema = {
  ...channelsSchema,
  properties: {
    ...channelsSchema.properties,
    webhook: {
      ...closed,
      required: ['enabled', 'url', 'secret'],
      properties: { enabled: boolean, url, secret },
    },
  },
} as const;

/** The channels of a merge patch. */
export const channelsPatchSchema = {
  ...openable,
  properties: {
    log: { ...openable, properties: { enabled: maybeBoolean } },
    email: { ...openable, properties: { enabled: maybeBoolean, address } },
    webhook: {
      ...openable,
      properties: {
        enabled: maybeBoolean,
        url,
        secret: { ...secret, description: 'your own (Standard Webhooks: whsec_ and base64); null makes a new one' },
      },
    },
    web_push: {
      ...openable,
      properties: { enabled: maybeBoolean, subscriptions: { ...subscriptions, type: ['array', 'null'] } },
    },
  },
} as const;
