import { expect } from 'chai';
import { sharedSystem } from '../support/system.js';

describe('/v1/me', () => {
  const system = sharedSystem();
  const allChannels = {
    log: { enabled: true },
    email: { enabled: false, address: null },
    webhook: { enabled: false, url: null },
    web_push: { enabled: false, subscriptions: [] },
  };
  const defaults = { time_zone: 'UTC', notifications: { channels: allChannels }, quiet_hours: null };

  it('gives the settings, which are there before anything was chosen', async () => {
    const alice = await system().newUser();
    expect((await alice.get('/v1/me')).me).to.deep.equal({ user_id: alice.id, ...defaults });
  });

  it('takes a merge patch, keeps what it does not name, and sets back what is null', async () => {
    const alice = await system().newUser();
    const quiet_hours = { start: '22:00', end: '07:00' };
    const channels = { log: { enabled: false } };
    await alice.patch('/v1/me', { time_zone: 'Europe/Berlin', notifications: { channels } });
    const { me } = await alice.patch('/v1/me', { quiet_hours }, { 'content-type': 'application/merge-patch+json' });
    expect(me).to.deep.include({
      time_zone: 'Europe/Berlin',
      quiet_hours,
      notifications: { channels: { ...allChannels, ...channels } },
    });
    expect((await alice.get('/v1/me')).me).to.deep.equal(me);
    const back = await alice.patch('/v1/me', { time_zone: null, quiet_hours: null, notifications: null });
    expect(back.me).to.deep.equal({ user_id: alice.id, ...defaults });
  });

  it('gives the zone to tasks that name none, from the next command on', async () => {
    const alice = await system().newUser();
    const first = await alice.create({ title: 'before' });
    await alice.patch('/v1/me', { time_zone: 'Asia/Tokyo' });
    const [second, third] = await alice.createAll({ title: 'after' }, { title: 'own', time_zone: 'Europe/Berlin' });
    expect([first, second, third].map((task) => task?.time_zone)).to.deep.equal(['UTC', 'Asia/Tokyo', 'Europe/Berlin']);
    const { task } = await alice.patch(`/v1/tasks/${third?.id ?? ''}`, { time_zone: null });
    expect(task.time_zone).to.equal('Asia/Tokyo');
  });

  it('is no task: it makes no change', async () => {
    const alice = await system().newUser();
    await alice.patch('/v1/me', { time_zone: 'Asia/Tokyo' });
    expect(await alice.changes()).to.be.empty;
  });

  const refused: [unknown, string][] = [
    [{}, ''],
    [{ time_zone: 'Mars/Olympus' }, '/time_zone'],
    [{ time_zone: 7 }, '/time_zone'],
    [{ quiet_hours: { start: '22:00' } }, '/quiet_hours/end'],
    [{ quiet_hours: { start: '22:00', end: '25:00' } }, '/quiet_hours/end'],
    [{ quiet_hours: { start: '22:00', end: '22:00' } }, '/quiet_hours'],
    [{ notifications: { channels: { pigeon: { enabled: true } } } }, '/notifications/channels/pigeon'],
    [{ notifications: { channels: { log: { enabled: 'yes' } } } }, '/notifications/channels/log/enabled'],
    [{ user_id: 'bob' }, '/user_id'],
    [[], ''],
  ];
  for (const [patch, pointer] of refused) {
    it(`refuses ${JSON.stringify(patch)} and keeps the settings`, async () => {
      const alice = await system().newUser();
      expect((await alice.patch('/v1/me', patch)).refusal).to.equal(`422 invalid ${pointer}`);
      expect((await alice.get('/v1/me')).me).to.deep.equal({ user_id: alice.id, ...defaults });
    });
  }
});
