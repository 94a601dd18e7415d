import { expect } from 'chai';
import { defineActorType, type ReminderTick, type TimerTick } from '../../actors/host/actor.js';
import { TodoError } from '../../domain/errors.js';
import { serveActors, type Answer, type ActorHostServer } from '../support/actor-host-server.js';

describe('reminders and timers of an actor', () => {
  let server: ActorHostServer;
  let ticks: (ReminderTick | TimerTick)[];

  const type = defineActorType({
    name: 'Schedule',
    activate: () => ({}),
    methods: {},
    async reminder(_actor, tick) {
      ticks.push(tick);
      await Promise.resolve();
      if (tick.name === 'fault') throw new Error('a fault in a reminder');
      if (tick.name === 'gone') throw new TodoError('not_found', 'The task is gone.');
    },
    timer(_actor, tick) {
      ticks.push(tick);
    },
  });
  const without = defineActorType({ name: 'Task', activate: () => ({}), methods: { work: () => null } });

  beforeEach(async () => {
    ticks = [];
    server = await serveActors([type, without]);
  });
  afterEach(() => server.close());

  const remind = (name: string, body: unknown = { dueTime: '', period: '' }): Promise<Answer> =>
    server.call('PUT', `/actors/Schedule/one/method/remind/${name}`, body);

  it('reach the actor with the name and the data of the reminder', async () => {
    const body = { data: { task: 'a', at: [1] }, dueTime: '10s', period: '1m' };
    const answer = await remind('due-soon', body);
    expect(answer.status).to.equal(200);
    expect(ticks).to.deep.equal([{ name: 'due-soon', ...body }]);
  });

  it('reach the actor without data, and with data that is null', async () => {
    await remind('bare');
    await remind('null', { data: null, dueTime: '', period: '' });
    expect(ticks.map(({ data }) => data)).to.deep.equal([undefined, null]);
  });

  it('reach the actor with the callback of the timer', async () => {
    const body = { callback: 'ring', data: 'x', dueTime: '', period: '' };
    expect((await server.call('PUT', '/actors/Schedule/one/method/timer/exact', body)).status).to.equal(200);
    expect(ticks).to.deep.equal([{ name: 'exact', ...body }]);
  });

  it('are answered with a failure that has daprd try again, whatever went wrong, and never with 404', async () => {
    for (const name of ['fault', 'gone']) {
      const answer = await remind(name);
      expect(answer.status).to.equal(500);
      expect(answer.headers.get('X-DaprErrorResponseHeader')).to.equal(null);
    }
    expect((await remind('odd', '[]')).status).to.equal(500);
    expect((await remind('odd', '{')).status).to.equal(500);
    expect(server.logged.join()).to.contain('a fault in a reminder').and.contain('The task is gone.');
    expect((await remind('next')).status).to.equal(200);
  });

  it('are answered 404 where the actor type has no handler for them', async () => {
    for (const path of [
      '/actors/Task/one/method/remind/x',
      '/actors/Task/one/method/timer/x',
      '/actors/Schedule/one/method/remind/',
    ]) {
      expect((await server.call('PUT', path, {})).status, path).to.equal(404);
    }
  });
});
