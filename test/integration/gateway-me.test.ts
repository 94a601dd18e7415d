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
  const defaults = { time_zone: 'UTC', notifications: { channels: { log: { enabled: true } } }, quiet_hours: null };

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
    expect((await patch('ann', wanted)).me).to.deep.equal({ user_id: 'ann', ...wanted });
    expect(await get('ann')).to.deep.equal({ user_id: 'ann', ...wanted });
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

  it('loses none of two changes made at once', async () => {
    await Promise.all([
      patch('both', { time_zone: 'Asia/Tokyo' }),
      patch('both', { quiet_hours: { start: '23:00', end: '05:00' } }),
      patch('both', { notifications: { channels: { log: { enabled: false } } } }),
    ]);
    expect(await get('both')).to.deep.include({
      time_zone: 'Asia/Tokyo',
      quiet_hours: { start: '23:00', end: '05:00' },
      notifications: { channels: { log: { enabled: false } } },
    });
  });

  it('names the zone of tasks that have none of their own', async () => {
    await patch('zoe', { time_zone: 'Asia/Kathmandu' });
    const { task } = await gateway.call('POST', '/v1/tasks', { user: 'zoe', body: { title: 'x' } });
    expect(task.time_zone).to.equal('Asia/Kathmandu');
  });
});
