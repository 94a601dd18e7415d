import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { defineActorType, type Turn } from '../../actors/host/actor.js';
import { appToken, gate, serveActors, until, type ActorHostServer, type Gate } from '../support/actor-host-server.js';

describe('the turns of an actor', () => {
  let server: ActorHostServer;
  let gates: Map<string, Gate>;
  let turns: Map<string, Turn>;
  let started: string[];
  let committed: string[];
  let running: Map<string, number>;
  let mostAtOnce: number;

  /** Each call names itself, says that it has begun, and ends when the test opens its gate. */
  const type = defineActorType({
    name: 'Task',
    activate: (id) => ({ id }),
    methods: {
      async wait(actor, body, turn) {
        const name = String(body);
        const now = (running.get(actor.id) ?? 0) + 1;
        running.set(actor.id, now);
        mostAtOnce = Math.max(mostAtOnce, now);
        started.push(name);
        turns.set(name, turn);
        try {
          await gateOf(name).opened;
          turn.throwIfAborted();
          committed.push(name);
          return name;
        } finally {
          running.set(actor.id, now - 1);
        }
      },
    },
  });

  function gateOf(name: string): Gate {
    const known = gates.get(name) ?? gate();
    gates.set(name, known);
    return known;
  }

  const path = (id: string): string => `/actors/Task/${id}/method/wait`;
  const call = (id: string, name: string) => server.call('PUT', path(id), JSON.stringify(name));
  const leave = (id: string, name: string) => server.callAndLeave(path(id), JSON.stringify(name));
  const waiting = (): number => server.host.stats()[0]?.waiting ?? 0;

  beforeEach(async () => {
    gates = new Map();
    turns = new Map();
    started = [];
    committed = [];
    running = new Map();
    mostAtOnce = 0;
    server = await serveActors([type], { mostWaiting: 3 });
  });
  afterEach(async () => {
    for (const one of gates.values()) one.open();
    await server.close();
  });

  it('never overlap, and come in the order of their arrival', async () => {
    const answers = [call('one', 'a')];
    await until(() => started.length === 1);
    for (const [index, name] of ['b', 'c', 'd'].entries()) {
      answers.push(call('one', name));
      await until(() => waiting() === index + 1);
    }
    expect(started).to.deep.equal(['a']);
    for (const name of ['d', 'c', 'b', 'a']) gateOf(name).open();
    expect((await Promise.all(answers)).map(({ body }) => body)).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(started).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(mostAtOnce).to.equal(1);
  });

  it('run beside those of other actors', async () => {
    const answers = [call('one', 'a'), call('two', 'b')];
    await until(() => started.length === 2);
    expect(server.host.stats()).to.deep.equal([{ type: 'Task', active: 2, busy: 2, waiting: 0 }]);
    gateOf('a').open();
    gateOf('b').open();
    await Promise.all(answers);
  });

  it('are refused as contended when too many wait already', async () => {
    const first = call('one', 'a');
    await until(() => started.length === 1);
    const waited = ['b', 'c', 'd'].map((name) => call('one', name));
    await until(() => waiting() === 3);
    const answer = await call('one', 'e');
    expect(answer.headers.get('X-DaprErrorResponseHeader')).to.equal('true');
    expect(answer.body).to.include({ code: 'contended', status: 503 });
    for (const name of ['a', 'b', 'c', 'd']) gateOf(name).open();
    await Promise.all([first, ...waited]);
    expect(committed).to.have.members(['a', 'b', 'c', 'd']);
  });

  it('are aborted in the middle when the socket of the caller is destroyed, and the next one starts', async () => {
    const left = leave('one', 'a');
    await until(() => started.length === 1);
    const next = call('one', 'b');
    await until(() => waiting() === 1);
    const signal = turns.get('a')?.signal;
    expect(signal?.aborted).to.equal(false);
    left.destroy();
    await until(() => signal?.aborted === true);
    expect(signal?.reason).to.include({ code: 'unavailable' });
    expect(started, 'the next turn must wait until the aborted one has ended').to.deep.equal(['a']);
    gateOf('a').open();
    gateOf('b').open();
    expect((await next).body).to.equal('b');
    expect(committed).to.deep.equal(['b']);
    expect(server.logged).to.deep.equal([]);
  });

  it('are aborted too when the caller only closes its half of the connection', async () => {
    const body = '"a"';
    const socket = connect({
      port: Number(new URL(server.url).port),
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    socket.write(
      `PUT ${path('one')} HTTP/1.1\r\nHost: app\r\ndapr-api-token: ${appToken}\r\nContent-Length: 3\r\n\r\n${body}`,
    );
    await until(() => started.length === 1);
    socket.end();
    socket.resume();
    await once(socket, 'end');
    socket.destroy();
    await until(() => turns.get('a')?.signal.aborted === true);
  });

  it('have an aborted signal even when they first look at it afterwards', async () => {
    const left = leave('one', 'a');
    await until(() => started.length === 1);
    const watched = leave('two', 'b');
    await until(() => started.length === 2);
    const signal = turns.get('b')?.signal;
    left.destroy();
    watched.destroy();
    await until(() => signal?.aborted === true);
    await until(() => turns.get('a')?.signal.aborted === true);
    expect(() => turns.get('a')?.throwIfAborted()).to.throw('unavailable');
  });

  it('never start when the caller went away while they waited, and leave their place to others', async () => {
    const first = call('one', 'a');
    await until(() => started.length === 1);
    const left = ['b', 'c', 'd'].map((name) => leave('one', name));
    await until(() => waiting() === 3);
    for (const one of left) one.destroy();
    await until(() => waiting() === 0);
    const last = call('one', 'e');
    await until(() => waiting() === 1);
    for (const name of ['a', 'b', 'c', 'd', 'e']) gateOf(name).open();
    await Promise.all([first, last]);
    expect(started).to.deep.equal(['a', 'e']);
  });

  it('never start when the body of the call broke off', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(
      `PUT ${path('one')} HTTP/1.1\r\nHost: app\r\ndapr-api-token: ${appToken}\r\nContent-Length: 9\r\n\r\n"a`,
    );
    socket.end();
    await once(socket.resume(), 'close');
    gateOf('b').open();
    expect((await call('one', 'b')).body).to.equal('b');
    expect(started).to.deep.equal(['b']);
  });

  it('end well for the next one after a turn that failed', async () => {
    const faulty = defineActorType({
      name: 'Faulty',
      activate: () => ({}),
      methods: {
        fail: () => Promise.reject(new Error('a fault')),
        work: () => 'done',
      },
    });
    const other = await serveActors([faulty]);
    try {
      const [failed, worked] = await Promise.all([
        other.call('PUT', '/actors/Faulty/one/method/fail'),
        other.call('PUT', '/actors/Faulty/one/method/work'),
      ]);
      expect(failed.body).to.include({ code: 'internal' });
      expect(worked.body).to.equal('done');
    } finally {
      await other.close();
    }
  });
});
