import { expect } from 'chai';
import { defineActorType, type Turn } from '../../actors/host/actor.js';
import { gate, serveActors, until, type ActorHostServer, type Gate } from '../support/actor-host-server.js';

describe('a host that drains', () => {
  let server: ActorHostServer;
  let held: Gate;
  let turns: Turn[];

  const type = defineActorType({
    name: 'Task',
    activate: () => ({}),
    methods: {
      async hold(_actor, _body, turn) {
        turns.push(turn);
        await held.opened;
        return 'done';
      },
      async untilAborted(_actor, _body, turn) {
        turns.push(turn);
        await new Promise((resolve) => {
          turn.signal.addEventListener('abort', resolve);
        });
        turn.throwIfAborted();
      },
    },
    reminder: () => undefined,
  });

  beforeEach(() => {
    held = gate();
    turns = [];
  });
  afterEach(async () => {
    held.open();
    await server.close();
  });

  it('lets running turns end, answers the waiting ones as unavailable, and is done then', async () => {
    server = await serveActors([type]);
    const running = server.call('PUT', '/actors/Task/one/method/hold');
    await until(() => turns.length === 1);
    const waiting = server.call('PUT', '/actors/Task/one/method/hold');
    const freed = server.call('DELETE', '/actors/Task/one');
    await until(() => server.host.stats()[0]?.waiting === 2);

    let isDrained = false;
    const drained = server.host.drain().then(() => (isDrained = true));
    const refused = await waiting;
    expect(refused.headers.get('X-DaprErrorResponseHeader')).to.equal('true');
    expect(refused.body).to.include({ code: 'unavailable', status: 503 });
    expect((await freed).status).to.equal(200);
    expect(isDrained).to.equal(false);

    held.open();
    expect((await running).body).to.equal('done');
    await drained;
    expect(turns).to.have.length(1);
    expect(turns[0]?.signal.aborted).to.equal(false);
  });

  it('takes no new turns: methods are told unavailable, ticks 503', async () => {
    server = await serveActors([type]);
    await server.host.drain();
    expect((await server.call('PUT', '/actors/Task/one/method/hold')).body).to.include({
      code: 'unavailable',
    });
    expect((await server.call('PUT', '/actors/Task/one/method/remind/x', {})).status).to.equal(503);
    expect(server.host.stats()).to.deep.equal([{ type: 'Task', active: 0, busy: 0, waiting: 0 }]);
  });

  it('aborts what runs longer than the time it has, and answers it as unavailable', async () => {
    server = await serveActors([type], { drainTimeoutMs: 5 });
    const running = server.call('PUT', '/actors/Task/one/method/untilAborted');
    await until(() => turns.length === 1);
    await server.host.drain();
    expect((await running).body).to.include({ code: 'unavailable', status: 503 });
    expect(server.logged).to.deep.equal([]);
  });
});
