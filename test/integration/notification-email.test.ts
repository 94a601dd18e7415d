import { expect } from 'chai';
import { defaultChannels } from '../../domain/user/channels.js';
import type { Channel } from '../../subscribers/notification/channels/channel.js';
import { emailChannel } from '../../subscribers/notification/channels/email.js';
import { startMailServer, type MailServer } from '../support/mail-server.js';
import { someMessage } from '../support/reminder-message.js';

describe('reminders by e-mail, with a real SMTP server', () => {
  const channels = { ...defaultChannels, email: { enabled: true, address: 'alice@example.com' } };
  let server: MailServer;
  let email: Channel;
  before(async () => {
    server = await startMailServer();
    email = emailChannel({
      smtpUrl: server.url,
      from: 'Todo <reminders@todo.example>',
      unsubscribeUrl: (userId, address) => `https://todo.example/unsubscribe?token=${userId}.${address.length}`,
    });
  });
  after(async () => {
    await email.close();
    await server.close();
  });
  beforeEach(() => {
    server.mails.splice(0);
    server.refuse = { receiver: null, message: null };
    server.isSilent = false;
  });

  const send = (changed = {}, timeoutMs = 10_000) => email.send(someMessage(changed), channels, timeoutMs);

  it('say what is due, as text and as HTML', async () => {
    expect(await send({ late_by_seconds: 7_500 })).to.deep.equal({ kind: 'sent' });
    const [mail] = server.mails;
    expect(mail?.to).to.deep.equal(['alice@example.com']);
    expect(mail?.parsed.subject).to.equal('Reminder: Pay rent');
    expect(mail?.parsed.from?.value).to.deep.equal([{ name: 'Todo', address: 'reminders@todo.example' }]);
    const said = ['Pay rent', 'Due 2026-11-30 09:00 (Europe/Berlin)', 'This reminder comes 2 h 5 min late.'];
    for (const line of said) {
      expect(mail?.parsed.text).to.include(line);
      expect(mail?.parsed.html).to.include(line);
    }
  });

  it('can be ended in one click (RFC 8058), and by a link in them', async () => {
    await send();
    const [mail] = server.mails;
    const link = 'https://todo.example/unsubscribe?token=alice.17';
    const header = (name: string) => mail?.parsed.headerLines.find(({ key }) => key === name)?.line;
    expect(header('list-unsubscribe')?.replace(/\r\n\s+/, ' ')).to.equal(`List-Unsubscribe: <${link}>`);
    expect(header('list-unsubscribe-post')).to.equal('List-Unsubscribe-Post: List-Unsubscribe=One-Click');
    expect(header('auto-submitted')).to.equal('Auto-Submitted: auto-generated');
    expect(mail?.parsed.text).to.include(link);
    expect(mail?.parsed.html).to.include(`href="${link}"`);
  });

  it('have the same Message-ID when they are sent again', async () => {
    await send();
    await send();
    await send({ id: '00000000-0000-5000-8000-000000000000' });
    const ids = server.mails.map(({ parsed }) => parsed.messageId);
    expect(ids[0]).to.equal('<5f0c3a5e-8d1b-5b7c-9a3e-2f6d70c41b98@todo.example>');
    expect(ids[1]).to.equal(ids[0]);
    expect(ids[2]).not.to.equal(ids[0]);
  });

  it('let no title add a header or anything to the page', async () => {
    const title = 'A\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script> ä & "👍"';
    await send({ task: { title, due_date: null, time_zone: 'UTC' } });
    const [mail] = server.mails;
    expect(mail?.to).to.deep.equal(['alice@example.com']);
    expect(mail?.parsed.bcc).to.equal(undefined);
    expect(mail?.parsed.html).to.not.include('<script>');
    expect(mail?.parsed.html).to.include('&lt;script&gt;').and.to.include('ä &amp; &quot;👍&quot;');
    expect(mail?.parsed.text).to.include('<script>alert(1)</script> ä & "👍"');
  });

  it('are given up when the server refuses them for good, and tried again when it does not', async () => {
    server.refuse.receiver = 550;
    expect(await send()).to.deep.equal({ kind: 'never', error: 'the mail server refuses it (550)' });
    server.refuse.receiver = 450;
    expect(await send()).to.deep.equal({ kind: 'again', error: 'the mail server could not take it (450)' });
    server.refuse = { receiver: null, message: 552 };
    expect(await send()).to.deep.include({ kind: 'never' });
    server.refuse = { receiver: null, message: 451 };
    expect(await send()).to.deep.include({ kind: 'again' });
    server.refuse.message = null;
    expect(await send()).to.deep.equal({ kind: 'sent' });
  });

  it('are tried again when the server does not answer in time, is away, or does not know us', async () => {
    server.isSilent = true;
    expect(await send({}, 300)).to.deep.equal({ kind: 'again', error: 'the mail server did not answer in time' });
    const parts = { from: 'a@todo.example', unsubscribeUrl: () => 'https://todo.example/' };
    const away = emailChannel({ smtpUrl: 'smtp://127.0.0.1:1', ...parts });
    expect(await away.send(someMessage(), channels, 5_000)).to.deep.include({ kind: 'again' });
    await away.close();
    const wrong = emailChannel({ smtpUrl: server.url.replace('pass%20word', 'wrong'), ...parts });
    const outcome = await wrong.send(someMessage(), channels, 5_000);
    expect(outcome).to.deep.equal({ kind: 'again', error: 'the mail server could not take it (535)' });
    expect(JSON.stringify(outcome)).not.to.include('wrong');
    await wrong.close();
  });
});
