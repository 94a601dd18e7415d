import { expect } from 'chai';
import { actorsOn, startTestGateway, type TestGateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

describe('/v1/me', () => {
  let database: TestDatabase;
  let gateway: TestGateway;
  before(async () => {
    database = await testDatabase();
    gateway = await startTestGateway({ pool: database.pool, command: actorsOn(database.pool) });
  });
  after(async () => {
    await gateway.close();
    await database.drop();
  });

  const get = async (user: string) => (await gateway.call('GET', '/v1/me', { user })).me;
  const patch = (user: string, body: unknown) => gateway.call('PATCH', '/v1/me', { user, body });
  const channels = {
    log: { enabled: true },
    email: { enabled: false, address: null },
    webhook: { enabled: false, url: null },
    web_push: { enabled: false, subscriptions: [] },
  };
  const defaults = { time_zone: 'UTC', notifications: { channels }, quiet_hours: null };

  it('gives the defaults to a user who never said anything', async () => {
    expect(await get('new')).to.deep.equal({ user_id: 'new', ...defaults });
  });

  it('keeps what a merge patch names, and sets back what is null', async () => {
    const quiet_hours = { start: '22:00', end: '07:00' };
    const wanted = {
      time_zone: 'Europe/Berlin',
      quiet_hours,
      notifications: { channels: { log: { enabled: false } } },
    };
    const after = {
      user_id: 'ann',
      ...wanted,
      notifications: { channels: { ...channels, log: { enabled: false } } },
    };
    expect((await patch('ann', wanted)).me).to.deep.equal(after);
    expect(await get('ann')).to.deep.equal(after);
    expect((await patch('ann', { quiet_hours: { end: '06:30' } })).me.quiet_hours).to.deep.equal({
      start: '22:00',
      end: '06:30',
    });
    expect((await patch('ann', { quiet_hours: null, notifications: null, time_zone: null })).status).to.equal(200);
    expect(await get('ann')).to.deep.equal({ user_id: 'ann', ...defaults });
    expect(await get('other')).to.deep.equal({ user_id: 'other', ...defaults });
  });

  it('refuses what is wrong, by name, and keeps nothing of it', async () => {
    const wrong: [unknown, string][] = [
      [{ time_zone: 'Mars/Olympus' }, '/time_zone'],
      [{ time_zone: '+01:00' }, '/time_zone'],
      [{ quiet_hours: { start: '22:00' } }, '/quiet_hours/end'],
      [{ quiet_hours: { start: '24:00', end: '07:00' } }, '/quiet_hours/start'],
      [{ quiet_hours: { start: '07:00', end: '07:00' } }, '/quiet_hours'],
      [{ notifications: { channels: { pigeon: { enabled: true } } } }, '/notifications/channels/pigeon'],
      [{ notifications: { channels: { log: { enabled: 'yes' } } } }, '/notifications/channels/log/enabled'],
      [{ user_id: 'root' }, '/user_id'],
      [{}, ''],
      [[], ''],
    ];
    for (const [body, pointer] of wrong) {
      const { refusal } = await patch('eve', body);
      expect([body, refusal]).to.deep.equal([body, `422 invalid ${pointer}`]);
    }
    expect(await get('eve')).to.deep.equal({ user_id: 'eve', ...defaults });
  });

  const at = '/notifications/channels';
  const own = (changed: object) => ({ notifications: { channels: changed } });

  it('shows the secret of a webhook once, when it is made or changed', async () => {
    const url = 'https://example.com/hook?x=1';
    const made = (await patch('wes', own({ webhook: { enabled: true, url } }))).me.notifications.channels.webhook;
    expect(made).to.include({ enabled: true, url });
    expect(made.secret).to.match(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect((await get('wes')).notifications.channels.webhook).to.deep.equal({ enabled: true, url });
    const same = await patch('wes', own({ webhook: { enabled: false } }));
    expect(same.text).not.to.include('whsec_');
    // What was read may be sent back.
    expect((await patch('wes', own((await get('wes')).notifications.channels))).text).not.to.include('whsec_');

    const other = (await patch('wes', own({ webhook: { secret: null } }))).me.notifications.channels.webhook.secret;
    expect(other)
      .to.match(/^whsec_/)
      .and.not.equal(made.secret);
    const chosen = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    expect((await patch('wes', own({ webhook: { secret: chosen } }))).text).to.include(chosen);
    const gone = await patch('wes', own({ webhook: { url: null, enabled: false, secret: null } }));
    expect(gone.me.notifications.channels.webhook).to.deep.equal({ enabled: false, url: null });
    const { rows } = await database.pool.query<{ text: string }>(
      `SELECT settings::text AS text FROM users WHERE user_id = 'wes'`,
    );
    expect(rows[0]?.text).not.to.include('whsec_');
  });

  it('keeps one subscription for a browser, the newest', async () => {
    const subscription = (endpoint: string, letter: string) => ({
      endpoint,
      expirationTime: null,
      keys: { p256dh: letter.repeat(87), auth: letter.repeat(22) },
    });
    const [old, renewed, other] = [
      subscription('https://push.example/1', 'A'),
      subscription('https://push.example/1', 'B'),
      subscription('https://push.example/2', 'C'),
    ];
    const wanted = own({ web_push: { enabled: true, subscriptions: [old, other, renewed] } });
    const { web_push } = (await patch('pia', wanted)).me.notifications.channels;
    expect(web_push).to.deep.equal({ enabled: true, subscriptions: [renewed, other] });
  });

  it('refuses a channel that could reach nobody, or should not', async () => {
    const keys = { p256dh: 'A'.repeat(87), auth: 'A'.repeat(22) };
    const wrong: [object, string][] = [
      [{ email: { enabled: true } }, `${at}/email/address`],
      [{ email: { address: 'alice' } }, `${at}/email/address`],
      [{ email: { address: 'a@example.com\r\nBcc: b@example.com' } }, `${at}/email/address`],
      [{ webhook: { enabled: true } }, `${at}/webhook/url`],
      [{ webhook: { url: 'http://example.com/' } }, `${at}/webhook/url`],
      [{ webhook: { url: 'ftp://example.com/' } }, `${at}/webhook/url`],
      [{ webhook: { url: 'https://user:word@example.com/' } }, `${at}/webhook/url`],
      [{ webhook: { url: 'https://example.com/', secret: 'whsec_c2hvcnQ=' } }, `${at}/webhook/secret`],
      [{ webhook: { secret: `whsec_${'A'.repeat(32)}` } }, `${at}/webhook/secret`],
      [{ web_push: { subscriptions: [{ endpoint: 'https://p.example/' }] } }, `${at}/web_push/subscriptions/0/keys`],
      [
        { web_push: { subscriptions: [{ endpoint: 'http://p.example/', keys }] } },
        `${at}/web_push/subscriptions/0/endpoint`,
      ],
    ];
    for (const [changed, pointer] of wrong) {
      const { refusal } = await patch('eve', own(changed));
      expect([changed, refusal]).to.deep.equal([changed, `422 invalid ${pointer}`]);
    }
    expect(await get('eve')).to.deep.equal({ user_id: 'eve', ...defaults });
  });

  it('completes what was kept before there were more channels', async () => {
    await database.pool.query(
      `INSERT INTO users (user_id, settings) VALUES ('old', '{"notifications": {"channels": {"log": {"enabled": false}}}}')`,
    );
    expect((await get('old')).notifications.channels).to.deep.equal({ ...channels, log: { enabled: false } });
  });

  it('loses none of two changes made at once', async () => {
    await Promise.all([
      patch('both', { time_zone: 'Asia/Tokyo' }),
      patch('both', { quiet_hours: { start: '23:00', end: '05:00' } }),
      patch('both', { notifications: { channels: { log: { enabled: false } } } }),
    ]);
    expect(await get('both')).to.deep.include({
      time_zone: 'Asia/Tokyo',
      quiet_hours: { start: '23:00', end: '05:00' },
      notifications: { channels: { ...channels, log: { enabled: false } } },
    });
  });

  it('names the zone of tasks that have none of their own', async () => {
    await patch('zoe', { time_zone: 'Asia/Kathmandu' });
    const { task } = await gateway.call('POST', '/v1/tasks', { user: 'zoe', body: { title: 'x' } });
    expect(task.time_zone).to.equal('Asia/Kathmandu');
  });
});
