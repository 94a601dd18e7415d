import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import { gate } from '../support/actor-host-server.js';
import { eventAt } from '../support/events.js';
import { LiveReplica, liveToken, PlayedActors, type ReplicaOptions } from '../support/live-replica.js';
import { until } from '../support/until.js';

const dayMs = 24 * 3_600_000;

describe('the limits of the live feed', () => {
  let actors: PlayedActors;
  let replica: LiveReplica;

  async function start(limits: ReplicaOptions['limits'] = {}, now: () => number = Date.now): Promise<void> {
    replica = await LiveReplica.start(actors, { limits, now });
  }
  beforeEach(() => {
    actors = new PlayedActors();
  });
  afterEach(() => replica.remove());

  const open = (user: string, count: number) => Promise.all(Array.from({ length: count }, () => replica.open(user)));
  const connectAll = (user: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => replica.connect(user)));

  /** An upgrade as a client makes it, to the answer. */
  async function upgrade(user: string): Promise<IncomingMessage> {
    const asked = request(`${replica.url}/v1/live`, {
      headers: {
        authorization: `Bearer ${await liveToken(user)}`,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return answer;
  }

  it('lets in 200 connections of one user, and closes the next with 1013 until one leaves', async () => {
    await start();
    const clients = await open('alice', 200);
    expect(await (await replica.connect('alice')).closed).to.include({ code: 1013 });
    await open('bob', 1);
    await clients[0]?.close();
    await until('the server to know', async () => (await replica.connections()) === 200);
    await open('alice', 1);
  });

  it('holds for connections of a user that come at once', async () => {
    await start({ mostConnectionsOfUser: 3 });
    const clients = await connectAll('alice', 10);
    const count = (isIn: boolean) =>
      clients.filter((client) => client.frames.length > 0 === isIn && (isIn || client.isClosed)).length;
    await until('all to be answered', () => count(true) + count(false) === 10);
    expect([count(true), count(false)]).to.deep.equal([3, 7]);
  });

  it('closes connections beyond those of the process with 1013', async () => {
    await start({ mostConnections: 2 });
    await open('alice', 1);
    await open('bob', 1);
    expect(await (await replica.connect('carol')).closed).to.include({ code: 1013 });
  });

  it('answers an upgrade with 503 while too many clients are being let in', async () => {
    await start({ mostHandshakes: 2 });
    const asking = gate();
    actors.answering = asking.opened;
    const first = await connectAll('alice', 2);
    await until('both to be asked about', () => actors.questions.flat().length === 2);
    const answer = await upgrade('bob');
    expect(answer.statusCode).to.equal(503);
    expect(answer.headers['content-type']).to.equal('application/problem+json');
    expect(answer.headers['retry-after']).to.equal('2');
    asking.open();
    await until('both to be in', () => first.every((client) => client.frames.length > 0));
    await open('bob', 1);
  });

  it('stands clients that break off while an upgrade is refused', async () => {
    await start({ mostHandshakes: 0 });
    const { port } = new URL(replica.url);
    for (const [what, path] of [
      ['websocket', '/v1/live'],
      ['websocket', '/elsewhere'],
      ['h2c', '/'],
    ]) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${what}\r\nContent-Length: 4\r\n\r\n`,
      );
      socket.once('data', () => socket.resetAndDestroy());
      await once(socket, 'close');
    }
    // What the program does not catch, mocha does.
    expect((await upgrade('alice')).statusCode).to.equal(503);
  });

  it('ends a connection whose client answers no pings, and no other', async () => {
    await start({ pingEveryMs: 40, tickMs: 10 });
    const alive = await replica.open('alice');
    const dead = await replica.open('alice', { autoPong: false });
    let pings = 0;
    alive.socket.on('ping', () => (pings += 1));
    expect(await dead.closed).to.include({ code: 1006 });
    await until('some more pings', () => pings > 6);
    expect(alive.isClosed).to.equal(false);
    expect(await replica.connections()).to.equal(1);
  });

  it('keeps a connection whose token is good for longer than a timer can wait, and ends it with 4401 then', async () => {
    let laterMs = 0;
    await start({ pingEveryMs: 10, tickMs: 10 }, () => Date.now() + laterMs);
    const client = await replica.open('alice', { token: await liveToken('alice', 60 * 24 * 3600) });
    let pings = 0;
    client.socket.on('ping', () => (pings += 1));
    await until('the token to be looked at', () => pings > 2);
    laterMs = 59 * dayMs;
    pings = 0;
    await until('the token to be looked at', () => pings > 2);
    laterMs = 60 * dayMs;
    expect(await client.closed).to.include({ code: 4401 });
  });

  it('shows no change after the token has expired, not even before that is noticed', async () => {
    let laterMs = 0;
    await start({ tickMs: 3_600_000 }, () => Date.now() + laterMs);
    const client = await replica.open('alice');
    await replica.deliver('alice', 1);
    await client.seq(1);
    laterMs = dayMs;
    await replica.deliver('alice', 2);
    expect(await client.closed).to.include({ code: 4401 });
    expect(client.seqs).to.deep.equal([1]);
  });

  it('counts the parts of a message that a client sends together', async () => {
    await start();
    const client = await replica.open('alice');
    client.socket.send('x'.repeat(800), { fin: false });
    client.socket.send('x'.repeat(800), { fin: true });
    expect(await client.closed).to.include({ code: 1009 });
  });

  it('cuts a client that is too slow and does not even read that it is', async () => {
    await start({ farewellMs: 50, mostUnreadBytes: 1024 });
    const client = await replica.open('alice');
    client.socket.pause();
    const description = 'x'.repeat(16 * 1024);
    for (let seq = 1; seq <= 1_000; seq += 1) await replica.bus.receive([eventAt('alice', seq, { description })]);
    await until('it to be cut', async () => (await replica.connections()) === 0);
    expect(await replica.metric('todo_live_too_slow_total')).to.equal(1);
  });
});
