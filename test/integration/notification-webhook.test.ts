import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Webhook } from 'standardwebhooks';
import { defaultChannels } from '../../domain/user/channels.js';
import { webhookChannel } from '../../subscribers/notification/channels/webhook.js';
import { createPoster } from '../../subscribers/notification/outbound/post.js';
import { someMessage } from '../support/reminder-message.js';

describe('reminders by webhook', () => {
  const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  let status = 200;
  let headers: Record<string, string> = {};
  let isSilent = false;
  let server: Server;
  let url: string;
  const poster = createPoster({ allowsPrivateTargets: true });
  before(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        if (!isSilent) response.writeHead(status, headers).end('x'.repeat(200_000));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?a=b`;
  });
  after(async () => {
    await poster.close();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    received.splice(0);
    [status, headers, isSilent] = [200, {}, false];
  });

  const channelsTo = (target: string) => ({ ...defaultChannels, webhook: { enabled: true, url: target, secret } });
  const send = (target = url, timeoutMs = 5_000) =>
    webhookChannel(poster).send(someMessage({ late_by_seconds: 3 }), channelsTo(target), timeoutMs);

  it('are signed such that the Standard Webhooks library takes them, and no changed one', async () => {
    expect(await send()).to.deep.equal({ kind: 'sent' });
    const [request] = received;
    const signed = request?.headers as Record<string, string>;
    expect(new Webhook(secret).verify(request?.body ?? '', signed)).to.deep.equal({
      type: 'reminder.due',
      timestamp: '2026-11-30T07:45:00.000Z',
      data: {
        user_id: 'alice',
        reminder_id: '01930000-0000-5000-8000-00000000000a',
        task_id: '01930000-0000-7000-8000-000000000001',
        occurrence: null,
        due_at: '2026-11-30T07:45:00.000Z',
        late_by_seconds: 3,
        task: { title: 'Pay rent', due_date: '2026-11-30T09:00', time_zone: 'Europe/Berlin' },
      },
    });
    expect(() => new Webhook(secret).verify(`${request?.body} `, signed)).to.throw();
    expect(() =>
      new Webhook(`whsec_${Buffer.alloc(32, 6).toString('base64')}`).verify(request?.body ?? '', signed),
    ).to.throw();
    // By the specification alone: the base64 of HMAC-SHA256 over id, timestamp and body.
    const { 'webhook-id': id, 'webhook-timestamp': timestamp } = signed;
    const mac = createHmac('sha256', Buffer.alloc(32, 5))
      .update(`${id}.${timestamp}.${request?.body}`)
      .digest('base64');
    expect(signed['webhook-signature']).to.equal(`v1,${mac}`);
  });

  it('have the same id when they are sent again', async () => {
    await send();
    await send();
    expect(received.map((request) => request.headers['webhook-id'])).to.deep.equal([
      someMessage().id,
      someMessage().id,
    ]);
  });

  it('are taken by an answer 2xx, tried again after any other, and ended by 410', async () => {
    const outcomes: [number, string][] = [];
    for (const answer of [200, 201, 204, 301, 302, 400, 404, 429, 500, 503, 410]) {
      status = answer;
      headers = { location: url };
      outcomes.push([answer, (await send()).kind]);
    }
    expect(outcomes.filter(([, kind]) => kind === 'sent').map(([answer]) => answer)).to.deep.equal([200, 201, 204]);
    expect(outcomes.filter(([, kind]) => kind === 'never').map(([answer]) => answer)).to.deep.equal([410]);
    expect(received).to.have.length(outcomes.length);
    expect(await send()).to.deep.equal({ kind: 'never', error: 'the receiver answered 410', isGone: true });
  });

  it('come again when the receiver says', async () => {
    status = 503;
    headers = { 'retry-after': '120' };
    expect(await send()).to.deep.equal({ kind: 'again', error: 'the receiver answered 503', afterMs: 120_000 });
  });

  it('are given up on a receiver that is silent or away, and tried again later', async () => {
    isSilent = true;
    expect(await send(url, 200)).to.deep.equal({ kind: 'again', error: 'the receiver did not answer in time' });
    expect(await send('http://127.0.0.1:1/')).to.deep.equal({
      kind: 'again',
      error: 'the receiver could not be reached (ECONNREFUSED)',
    });
  });

  it('never go to a private address, unless an operator allows it', async () => {
    const guarded = createPoster({ allowsPrivateTargets: false });
    const outcome = await webhookChannel(guarded).send(
      someMessage(),
      channelsTo(url.replace('http:', 'https:')),
      1_000,
    );
    expect(outcome).to.deep.equal({ kind: 'never', error: '127.0.0.1 is no address of the public internet' });
    const named = await webhookChannel(guarded).send(someMessage(), channelsTo('https://localhost:1/'), 1_000);
    expect(named).to.deep.equal({ kind: 'never', error: 'localhost is no address of the public internet' });
    await guarded.close();
    expect(received).to.deep.equal([]);
  });
});
