import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Webhook } from 'standardwebhooks';
import { reminderLines } from '../support/log-lines.js';
import { startMailServer, type MailServer } from '../support/mail-server.js';
import { startPushService, type PushService } from '../support/push-service.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';
import { until } from '../support/until.js';

describe('notifications of reminders', function () {
  this.timeout(90_000);
  const patienceMs = 30_000;
  const hooks: { body: string; headers: Record<string, string> }[] = [];
  let mail: MailServer;
  let push: PushService;
  let hook: Server;
  let hookUrl: string;
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    mail = await startMailServer();
    push = await startPushService();
    hook = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        hooks.push({ body, headers: request.headers as Record<string, string> });
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(hook, 'listening');
    hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
    system = await startTestSystem({
      env: {
        SMTP_URL: mail.url,
        MAIL_FROM: 'reminders@todo.example',
        PUBLIC_URL: 'https://todo.example',
        WEBHOOK_ALLOW_PRIVATE: 'true',
        LOG_LEVEL: 'warn',
      },
    });
  });
  after(async () => {
    await system.remove();
    hook.closeAllConnections();
    hook.close();
    await mail.close();
    await push.close();
  });

  /** A time shortly from now, as a task's reminder has it. */
  const soon = (ms = 2_000): string => new Date(Math.ceil((Date.now() + ms) / 1000) * 1000).toISOString().slice(0, 19);
  const linesOf = (user: TestUser) => reminderLines(system.lines).filter(({ user_id }) => user_id === user.id);
  const deliveredOf = async (user: TestUser) =>
    (await user.changes()).filter(({ type }) => type === 'REMINDER_DELIVERED');

  it('write one line of the log when a reminder is due, without the title, and say so in the changes', async () => {
    const alice = await system.newUser();
    const at = soon();
    const task = await alice.create({ title: 'Very private', reminders: [{ at }] });
    await until('REMINDER_DELIVERED', async () => (await deliveredOf(alice)).length > 0, patienceMs);
    const [change] = await deliveredOf(alice);
    const due_at = new Date(`${at}Z`).toISOString();
    expect(change).to.deep.include({ task_id: task.id });
    expect(change?.detail).to.deep.include({ channel: 'log', due_at, reminder: { at } });
    const lines = linesOf(alice);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.deep.include({ user_id: alice.id, task_id: task.id, due_at });
    expect(lines[0]?.late_by_seconds).to.be.at.least(0);
    expect(system.lines.join('\n')).not.to.include('Very private');
    expect(await system.metrics()).to.match(/todo_notifications_total\{channel="log",outcome="delivered"\} [1-9]/);
  });

  it('go by every channel that the user has turned on', async () => {
    const alice = await system.newUser();
    const { channels } = (await alice.get('/v1/me/channels')).json as {
      channels: { channel: string; available: boolean; public_key?: string }[];
    };
    expect(channels.map(({ channel, available }) => [channel, available])).to.deep.equal([
      ['log', true],
      ['email', true],
      ['webhook', true],
      ['web_push', true],
    ]);
    const browser = push.subscribe(channels.find(({ public_key }) => public_key !== undefined)?.public_key ?? '');
    const { me } = await alice.patch('/v1/me', {
      notifications: {
        channels: {
          log: { enabled: false },
          email: { enabled: true, address: 'alice@example.com' },
          webhook: { enabled: true, url: hookUrl },
          web_push: { enabled: true, subscriptions: [browser] },
        },
      },
    });
    const task = await alice.create({ title: 'Pay rent', reminders: [{ at: soon() }] });
    await until('three deliveries', async () => (await deliveredOf(alice)).length === 3, patienceMs);
    const said = (await deliveredOf(alice)).map(({ detail }) => detail && 'channel' in detail && detail.channel);
    expect(said).to.have.members(['email', 'webhook', 'web_push']);
    expect(linesOf(alice)).to.deep.equal([]);
    expect(mail.mails.map(({ parsed }) => parsed.subject)).to.deep.equal(['Reminder: Pay rent']);
    expect(push.messages.map(({ text }) => JSON.parse(text) as object)).to.have.nested.property(
      '[0].title',
      'Pay rent',
    );
    expect(push.faults).to.deep.equal([]);
    const [message] = hooks;
    const secret = me.notifications.channels.webhook.secret ?? '';
    expect(new Webhook(secret).verify(message?.body ?? '', message?.headers ?? {})).to.deep.include({
      type: 'reminder.due',
    });
    expect(message?.body).to.include(task.id);
    expect(system.lines.join('\n')).not.to.include(secret);
  });

  it('can be tried by channel before they are turned on', async () => {
    const bob = await system.newUser();
    const test = (channel: string) => bob.post(`/v1/me/channels/${channel}/test`);
    expect((await test('email')).refusal).to.equal('409 conflict');
    await bob.patch('/v1/me', {
      notifications: { channels: { email: { address: 'bob@example.com' }, webhook: { url: `${hookUrl}closed` } } },
    });
    expect((await test('email')).json).to.deep.equal({ channel: 'email', delivered: true, error: null });
    expect(mail.mails.at(-1)).to.deep.include({ to: ['bob@example.com'] });
    mail.refuse.receiver = 550;
    expect((await test('email')).json).to.deep.equal({
      channel: 'email',
      delivered: false,
      error: 'the mail server refuses it (550)',
    });
    mail.refuse.receiver = null;
    expect((await test('webhook')).json).to.deep.include({ delivered: true });
    expect(hooks.at(-1)?.body).to.include('"type":"reminder.test"');
    expect((await test('log')).json).to.deep.include({ delivered: true });
    await until('the line', () => linesOf(bob).some(({ is_test }) => is_test === true));
    const refusals = new Set<string>();
    for (let count = 0; count < 12; count++) refusals.add((await test('web_push')).refusal);
    expect([...refusals]).to.include('429 rate_limited');
  });

  it('by e-mail end with one click on the link in one', async () => {
    const eve = await system.newUser();
    const email = { enabled: true, address: 'eve@example.com' };
    await eve.patch('/v1/me', { notifications: { channels: { email } } });
    await eve.post('/v1/me/channels/email/test');
    const { raw = '' } = mail.mails.at(-1) ?? {};
    const [, path = ''] =
      /List-Unsubscribe: ?<https:\/\/todo\.example([^>]+)>/.exec(raw.replaceAll(/\r\n\s+/g, '')) ?? [];
    const isEnabled = async () => (await eve.get('/v1/me')).me.notifications.channels.email.enabled;
    expect((await system.request('GET', path, null)).status).to.equal(200);
    expect(await isEnabled()).to.equal(true);
    const forged = await system.request('POST', `${path.slice(0, -2)}AA`, null);
    expect([forged.status, await isEnabled()]).to.deep.equal([404, true]);
    const form = {
      body: 'List-Unsubscribe=One-Click',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    expect((await system.request('POST', path, null, form)).status).to.equal(200);
    expect(await isEnabled()).to.equal(false);
    // It is of the address that it was sent to.
    await eve.patch('/v1/me', {
      notifications: { channels: { email: { enabled: true, address: 'new@example.com' } } },
    });
    expect((await system.request('POST', path, null, form)).status).to.equal(200);
    expect(await isEnabled()).to.equal(true);
  });
});
