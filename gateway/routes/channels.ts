import { TodoError } from '../../domain/errors.js';
import { channelNames } from '../../domain/user/channels.js';
import type { GatewayContext } from '../context.js';
import { jsonResponse } from '../json-media.js';
import { route, type QueryInput, type Route } from '../route.js';

const closed = { type: 'object', additionalProperties: false } as const;
const channel = { enum: channelNames } as const;

const channelList = {
  ...closed,
  required: ['channels'],
  properties: {
    channels: {
      type: 'array',
      items: {
        ...closed,
        required: ['channel', 'available'],
        properties: {
          channel,
          available: { type: 'boolean', description: 'whether this system is set up for it' },
          public_key: {
            type: 'string',
            description: 'of web_push: what a browser subscribes with (applicationServerKey), in base64url',
          },
        },
      },
    },
  },
} as const;

const trial = {
  ...closed,
  required: ['channel', 'delivered', 'error'],
  properties: {
    channel,
    delivered: { type: 'boolean', description: 'whether the receiver has taken it' },
    error: { type: ['string', 'null'], description: 'why it has not' },
  },
} as const;

const linkQuery: QueryInput<{ token: string }> = {
  schema: {
    ...closed,
    required: ['token'],
    properties: {
      token: {
        type: 'string',
        maxLength: 600,
        pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$',
        description: 'of the link in an e-mail',
      },
    },
  },
  parse: ({ token = '' }: Partial<{ token: string }>) => ({ token }),
};

const page = { description: 'a page for people', content: { 'text/html': { type: 'string' } } } as const;

/** The channels by which reminders go out, and the link that ends e-mail. The notification role knows of them. */
export function channelRoutes({ dapr }: Pick<GatewayContext, 'dapr'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/me/channels',
      scope: 'tasks:read',
      operationId: 'listChannels',
      summary: 'See which channels this system has for reminders',
      responses: { 200: jsonResponse('the channels', channelList) },
      async handle() {
        return { status: 200, body: JSON.stringify(await dapr.invoke('notification', 'channels', {})) };
      },
    }),
    route({
      method: 'post',
      path: '/v1/me/channels/{channel}/test',
      scope: 'tasks:write',
      operationId: 'testChannel',
      summary: 'Send yourself one message by a channel, to try it',
      description: 'Needs no more than what you have set of it: the channel may be turned off.',
      responses: { 200: jsonResponse('what became of it', trial) },
      errors: ['not_found', 'conflict', 'rate_limited'],
      async handle({ userId, params }) {
        const answer = await dapr.invoke('notification', 'test-channel', {
          user_id: userId,
          channel: channelOf(params),
        });
        return { status: 200, body: JSON.stringify(answer) };
      },
    }),
    route({
      method: 'get',
      path: '/unsubscribe',
      scope: null,
      operationId: 'showUnsubscribe',
      summary: 'Ask whether e-mail is to end (the link in an e-mail, for people)',
      query: linkQuery,
      responses: { 200: page },
      // Programs that look at links must not end anything (RFC 8058 section 3.1): a button does.
      handle: ({ query: { token } }) => html(form(token)),
    }),
    route({
      method: 'post',
      path: '/unsubscribe',
      scope: null,
      operationId: 'unsubscribe',
      summary: 'End e-mail to an address in one click (RFC 8058)',
      query: linkQuery,
      responses: { 200: page },
      errors: ['not_found', 'unavailable'],
      async handle({ query }) {
        await dapr.invoke('notification', 'unsubscribe', query);
        return html('<p>You will get no more reminders by e-mail.</p>');
      },
    }),
  ];
}

function channelOf({ channel: named }: Readonly<Record<string, string>>): string {
  const known = channelNames.find((name) => name === named);
  if (known) return known;
  throw new TodoError('not_found', `There is no such channel; the channels are ${channelNames.join(', ')}.`);
}

function html(body: string) {
  const head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Reminders by e-mail</title></head>';
  return { status: 200, type: 'text/html; charset=utf-8', body: `${head}<body>${body}</body></html>` };
}

/** @param token checked: none of its letters means anything in HTML */
function form(token: string): string {
  return (
    '<p>Do you want to get no more reminders by e-mail?</p>' +
    `<form method="post" action="?token=${token}"><button name="List-Unsubscribe" value="One-Click">No more e-mail</button></form>`
  );
}
