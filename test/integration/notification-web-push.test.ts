import { createECDH } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { defaultChannels, type PushSubscription } from '../../domain/user/channels.js';
import { webPushChannel } from '../../subscribers/notification/channels/web-push.js';
import { openNotificationKeys, type NotificationKeys } from '../../subscribers/notification/keys.js';
import { createPoster } from '../../subscribers/notification/outbound/post.js';
import { decrypt, startPushService, type PushService } from '../support/push-service.js';
import { someMessage } from '../support/reminder-message.js';

describe('reminders by Web Push', () => {
  const poster = createPoster({ allowsPrivateTargets: true });
  const gone: [string, string][] = [];
  let folder: string;
  let keys: NotificationKeys;
  let service: PushService;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'todo-chatbot-push-'));
    keys = await openNotificationKeys(folder, { vapidPrivateKey: undefined });
    service = await startPushService();
  });
  after(async () => {
    await service.close();
    await poster.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    service.messages.splice(0);
    gone.splice(0);
  });

  /** Sends messages to browsers, one after the other. */
  function sender(used = poster) {
    const channel = webPushChannel({
      poster: used,
      keys: keys.vapid,
      subject: 'mailto:admin@todo.example',
      onGone: (userId, endpoint) => {
        gone.push([userId, endpoint]);
        return Promise.resolve();
      },
    });
    return (subscriptions: readonly PushSubscription[], changed = {}) =>
      channel.send(someMessage(changed), { ...defaultChannels, web_push: { enabled: true, subscriptions } }, 5_000);
  }
  const subscribe = () => service.subscribe(keys.vapid.publicKey);

  it('are decrypted by the example of RFC 8291 as the tests decrypt them', () => {
    // Appendix A.
    const receiver = createECDH('prime256v1');
    receiver.setPrivateKey('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94', 'base64url');
    const body =
      'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_' +
      'yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN';
    const authSecret = 'BTBZMqHH6r4Tts7J_aSIgg';
    const text = decrypt(Buffer.from(body, 'base64url'), { version: 'aes128gcm', privateKey: receiver, authSecret });
    expect(text.toString()).to.equal('When I grow up, I want to be a watermelon');
  });

  it('reach each browser encrypted, from the key that it subscribed with', async () => {
    const [phone, laptop] = [subscribe(), subscribe()];
    expect(await sender()([phone, laptop], { late_by_seconds: 60 })).to.deep.equal({ kind: 'sent' });
    expect(service.faults).to.deep.equal([]);
    expect(service.messages.map(({ endpoint }) => endpoint)).to.have.members([phone.endpoint, laptop.endpoint]);
    const [message] = service.messages;
    expect(JSON.parse(message?.text ?? '')).to.deep.equal({
      type: 'reminder.due',
      title: 'Pay rent',
      body: 'Due 2026-11-30 09:00 (Europe/Berlin)\nThis reminder comes 1 min late.',
      tag: someMessage().id,
      data: {
        reminder_id: '01930000-0000-5000-8000-00000000000a',
        task_id: '01930000-0000-7000-8000-000000000001',
        occurrence: null,
        due_at: '2026-11-30T07:45:00.000Z',
        late_by_seconds: 60,
      },
    });
    expect(message?.urgency).to.equal('high');
    expect(message?.ttl).to.equal('86400');
    // RFC 8292 section 2: for this service, for a day at most, and from whom.
    const { aud, exp, sub } = message?.claims ?? {};
    expect([aud, sub]).to.deep.equal([new URL(phone.endpoint).origin, 'mailto:admin@todo.example']);
    expect(Number(exp) * 1000).to.be.within(Date.now(), Date.now() + 86_400_000);
  });

  it('have the same topic when they are sent again, so that one waits at most (RFC 8030 section 5.4)', async () => {
    const browser = subscribe();
    await sender()([browser]);
    await sender()([browser]);
    const [one, two] = service.messages;
    expect(one?.topic).to.match(/^[\w-]{22}$/);
    expect(two?.topic).to.equal(one?.topic);
  });

  it('are not sent again to a browser that has one when another is tried again', async () => {
    const [one, two] = [subscribe(), subscribe()];
    const send = sender();
    service.answer(two.endpoint, 503);
    expect(await send([one, two])).to.deep.equal({ kind: 'again', error: 'the push service answered 503' });
    service.answer(two.endpoint, 201);
    expect(await send([one, two])).to.deep.equal({ kind: 'sent' });
    expect(service.messages.map(({ endpoint }) => endpoint)).to.deep.equal([one.endpoint, two.endpoint]);
  });

  it('end for a browser that has unsubscribed, and fail when there is no other', async () => {
    const [one, two] = [subscribe(), subscribe()];
    service.answer(one.endpoint, 410);
    expect(await sender()([one, two])).to.deep.equal({ kind: 'sent' });
    expect(gone).to.deep.equal([['alice', one.endpoint]]);
    service.answer(two.endpoint, 404);
    expect(await sender()([two])).to.deep.equal({ kind: 'never', error: 'the push service answered 404' });
    const useless = { ...subscribe(), keys: { p256dh: 'A'.repeat(87), auth: 'A'.repeat(22) } };
    expect(await sender()([useless])).to.deep.equal({ kind: 'never', error: 'the keys of a browser are of no use' });
  });

  it('fit into what a push service has to take, whatever the task is called', async () => {
    const title = '\u0001'.repeat(500);
    expect(await sender()([subscribe()], { task: { title, due_date: null, time_zone: 'UTC' } })).to.deep.equal({
      kind: 'sent',
    });
    expect(service.faults).to.deep.equal([]);
  });

  it('never go to a private address, unless an operator allows it', async () => {
    const guarded = createPoster({ allowsPrivateTargets: false });
    const browser = subscribe();
    const outcome = await sender(guarded)([{ ...browser, endpoint: browser.endpoint.replace('http:', 'https:') }]);
    expect(outcome).to.deep.equal({ kind: 'never', error: '127.0.0.1 is no address of the public internet' });
    await guarded.close();
  });

  it('come from a key that is made once, or given, and prove it with the same public key', async () => {
    expect((await openNotificationKeys(folder, { vapidPrivateKey: undefined })).vapid).to.deep.equal(keys.vapid);
    // The key of RFC 8291's appendix A.
    const vapidPrivateKey = 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw';
    const { vapid } = await openNotificationKeys(folder, { vapidPrivateKey });
    expect(vapid.publicKey).to.equal(
      'BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8',
    );
  });
});
