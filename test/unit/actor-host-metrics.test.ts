import { expect } from 'chai';
import { defineActorType } from '../../actors/host/actor.js';
import { TodoError } from '../../domain/errors.js';
import { gate, serveActors, until, type ActorHostServer, type Gate } from '../support/actor-host-server.js';

describe('the metrics of an actor host', () => {
  let server: ActorHostServer;
  let held: Gate;

  const type = defineActorType({
    name: 'Task',
    activate: () => ({}),
    methods: {
      work: () => 1,
      refuse: () => Promise.reject(new TodoError('conflict', 'Not now.')),
      fault: () => Promise.reject(new Error('a fault')),
      async hold(_actor, _body, turn) {
        await held.opened;
        turn.throwIfAborted();
      },
    },
    reminder: () => undefined,
  });

  const call = (path: string) => server.call('PUT', `/actors/Task/${path}`, {});
  /** The lines of one metric, without the label-less rest of the scrape. */
  const lines = async (name: string): Promise<string[]> =>
    (await server.metrics.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

  beforeEach(async () => {
    held = gate();
    server = await serveActors([type]);
  });
  afterEach(() => server.close());

  it('count turns by type, method and how they ended, and time those that ran', async () => {
    for (const path of [
      'one/method/work',
      'two/method/work',
      'one/method/refuse',
      'one/method/fault',
      'one/method/remind/due',
    ]) {
      await call(path);
    }
    await server.call('PUT', '/actors/Task/one/method/work', '{');
    expect(await lines('todo_actor_turns_total')).to.have.members([
      'todo_actor_turns_total{type="Task",method="work",outcome="ok"} 2',
      'todo_actor_turns_total{type="Task",method="refuse",outcome="conflict"} 1',
      'todo_actor_turns_total{type="Task",method="fault",outcome="internal"} 1',
      'todo_actor_turns_total{type="Task",method="reminder",outcome="ok"} 1',
      'todo_actor_turns_total{type="Task",method="work",outcome="unreadable"} 1',
    ]);
    expect(await lines('todo_actor_turn_seconds_count')).to.include(
      'todo_actor_turn_seconds_count{type="Task",method="work"} 2',
    );
    expect(await lines('todo_actor_turn_wait_seconds_count')).to.deep.equal([
      'todo_actor_turn_wait_seconds_count{type="Task"} 5',
    ]);
  });

  it('tell the actors in memory', async () => {
    await call('one/method/work');
    await call('two/method/work');
    expect(await lines('todo_actors_active')).to.deep.equal(['todo_actors_active{type="Task"} 2']);
    await server.call('DELETE', '/actors/Task/one');
    expect(await lines('todo_actors_active')).to.deep.equal(['todo_actors_active{type="Task"} 1']);
  });

  it('count a turn that was aborted, in the middle or while it waited, as such', async () => {
    const running = server.callAndLeave('/actors/Task/one/method/hold');
    await until(() => server.host.stats()[0]?.busy === 1);
    const waiting = server.callAndLeave('/actors/Task/one/method/hold');
    await until(() => server.host.stats()[0]?.waiting === 1);
    waiting.destroy();
    await until(() => server.host.stats()[0]?.waiting === 0);
    running.destroy();
    const last = call('one/method/hold');
    await until(() => server.host.stats()[0]?.waiting === 1);
    held.open();
    await last;
    expect(await lines('todo_actor_turns_total')).to.have.members([
      'todo_actor_turns_total{type="Task",method="hold",outcome="aborted"} 2',
      'todo_actor_turns_total{type="Task",method="hold",outcome="ok"} 1',
    ]);
  });

  it('have no label that a caller can make up', async () => {
    await call('one/method/made-up');
    await server.call('PUT', '/actors/MadeUp/one/method/work');
    await call('one/method/remind/made-up');
    expect(await server.metrics.metrics()).not.to.match(/made-up|MadeUp/);
  });
});
