import { expect } from 'chai';
import { defineActorType } from '../../actors/host/actor.js';
import { gate, serveActors, until, type ActorHostServer, type Gate } from '../support/actor-host-server.js';

describe('the memory of an actor', () => {
  let server: ActorHostServer | undefined;
  let activations: number;
  let deactivated: string[];
  let turns: string[];
  let held: Gate;

  const type = defineActorType({
    name: 'Task',
    activate: (id) => ({ id, activation: ++activations }),
    deactivate(actor) {
      deactivated.push(actor.id);
      if (actor.id === 'stubborn') throw new Error('does not like to go');
    },
    methods: {
      activation: (actor) => {
        turns.push('activation');
        return actor.activation;
      },
      async hold(actor) {
        turns.push('hold');
        await held.opened;
        return actor.activation;
      },
    },
  });

  async function serve(options: Parameters<typeof serveActors>[1] = {}): Promise<ActorHostServer> {
    return (server = await serveActors([type], options));
  }
  const active = (): number | undefined => server?.host.stats()[0]?.active;

  beforeEach(() => {
    activations = 0;
    deactivated = [];
    turns = [];
    held = gate();
  });
  afterEach(async () => {
    held.open();
    await server?.close();
  });

  it('is freed when daprd deactivates the actor, and made anew by the next call', async () => {
    const { call } = await serve();
    expect((await call('PUT', '/actors/Task/one/method/activation')).body).to.equal(1);
    expect(active()).to.equal(1);
    expect((await call('DELETE', '/actors/Task/one')).status).to.equal(200);
    expect(active()).to.equal(0);
    expect(deactivated).to.deep.equal(['one']);
    expect((await call('PUT', '/actors/Task/one/method/activation')).body).to.equal(2);
  });

  it('may be freed twice, and of actors that were never here', async () => {
    const { call } = await serve();
    await call('PUT', '/actors/Task/one/method/activation');
    for (const id of ['one', 'one', 'never', '__proto__']) {
      expect((await call('DELETE', `/actors/Task/${id}`)).status).to.equal(200);
    }
    expect((await call('DELETE', '/actors/Missing/one')).status).to.equal(404);
    expect(deactivated).to.deep.equal(['one']);
  });

  it('is freed after the running turn, and what came later meets a new activation', async () => {
    const { call } = await serve();
    const holding = call('PUT', '/actors/Task/one/method/hold');
    await until(() => turns.length === 1);
    const freed = call('DELETE', '/actors/Task/one');
    await until(() => server?.host.stats()[0]?.waiting === 1);
    const later = call('PUT', '/actors/Task/one/method/activation');
    await until(() => server?.host.stats()[0]?.waiting === 2);
    expect(deactivated).to.deep.equal([]);
    held.open();
    expect((await holding).body).to.equal(1);
    expect((await freed).status).to.equal(200);
    expect((await later).body).to.equal(2);
    await call('DELETE', '/actors/Task/one');
    expect(active()).to.equal(0);
  });

  it('does not hold up daprd when a turn hangs: the deactivation is answered, and done after that turn', async () => {
    const { call } = await serve({ drainTimeoutMs: 5 });
    const holding = call('PUT', '/actors/Task/one/method/hold');
    await until(() => turns.length === 1);
    expect(await call('DELETE', '/actors/Task/one')).to.deep.include({ status: 503 });
    held.open();
    await holding;
    await until(() => active() === 0);
    expect(deactivated).to.deep.equal(['one']);
  });

  it('is freed whatever the actor does about it', async () => {
    const { call, logged } = await serve();
    await call('PUT', '/actors/Task/stubborn/method/activation');
    expect((await call('DELETE', '/actors/Task/stubborn')).status).to.equal(200);
    expect(active()).to.equal(0);
    expect(logged[0]).to.contain('does not like to go');
  });

  it('is freed after two idle time-outs when daprd has forgotten the actor, but not while a turn runs', async () => {
    const { call } = await serve({ idleTimeoutMs: 5 });
    const holding = call('PUT', '/actors/Task/busy/method/hold');
    await call('PUT', '/actors/Task/one/method/activation');
    await until(() => active() === 1);
    expect(deactivated).to.deep.equal(['one']);
    held.open();
    await holding;
    await until(() => active() === 0);
  });

  it('is freed for thousands of actors, without one left in the table', async () => {
    const { callAll } = await serve();
    const ids = Array.from({ length: 2_000 }, (_, index) => `task-${String(index)}`);
    await callAll(
      'PUT',
      ids.map((id) => `/actors/Task/${id}/method/activation`),
    );
    expect(active()).to.equal(2_000);
    await callAll(
      'DELETE',
      ids.map((id) => `/actors/Task/${id}`),
    );
    expect(active()).to.equal(0);
    expect(deactivated).to.have.length(2_000);
  });
});
