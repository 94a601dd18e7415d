import { expect } from 'chai';
import { gate } from '../support/actor-host-server.js';
import type { LiveClient } from '../support/live-client.js';
import { LiveReplica, PlayedActors } from '../support/live-replica.js';
import { until } from '../support/until.js';

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Each replica has a bus of its own, as each has a consumer group of its own. */
describe('live feeds of several replicas', () => {
  let actors: PlayedActors;
  const replicas: LiveReplica[] = [];

  async function start(count: number, limits = {}): Promise<LiveReplica[]> {
    for (let started = 0; started < count; started += 1) replicas.push(await LiveReplica.start(actors, { limits }));
    return replicas;
  }
  const two = async (limits = {}): Promise<[LiveReplica, LiveReplica]> => {
    const [first, second] = await start(2, limits);
    if (!first || !second) throw new Error('there are two');
    return [first, second];
  };
  const open = (replica: LiveReplica, user: string, count: number): Promise<LiveClient[]> =>
    Promise.all(Array.from({ length: count }, () => replica.open(user)));

  beforeEach(() => {
    actors = new PlayedActors();
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.remove()));
  });

  it('show a change to every connection of its user, and to nobody else', async () => {
    await start(2);
    const own = (await Promise.all(replicas.map((replica) => open(replica, 'alice', 3)))).flat();
    const others = (await Promise.all(replicas.map((replica) => open(replica, 'bob', 3)))).flat();
    actors.commit('alice', 1, 3);
    for (const replica of replicas) await replica.deliver('alice', 1, 2, 3);
    actors.commit('bob', 1);
    for (const replica of replicas) await replica.deliver('bob', 1);
    for (const client of own) {
      await client.seq(3);
      expect(client.seqs).to.deep.equal([1, 2, 3]);
    }
    for (const client of others) {
      await client.seq(1);
      expect(client.changes.map(({ task }) => task?.user_id)).to.deep.equal(['bob']);
    }
  });

  it('show a client that goes from one to the other each change once and in order, however their buses lag', async () => {
    const [first, second] = await two();
    const seen: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      const [here, there] = round % 2 === 0 ? [first, second] : [second, first];
      const last = round * 3;
      const client = await here.open('alice', { since: seen.length });
      actors.commit('alice', last + 1, last + 3);
      await here.deliver('alice', last + 1, last + 2, last + 3);
      await client.seq(last + 3);
      seen.push(...client.seqs);
      await client.close();
      // What the other hears late, it has shown already, or has yet to show.
      await there.deliver('alice', ...upTo(last + 2, Math.max(1, last - 4)));
    }
    expect(seen).to.deep.equal(upTo(36));
  });

  it('show a change whose message never came to one of them, with nothing after it', async () => {
    const [first, second] = await two({ compareEveryMs: 20 });
    const [here] = await open(first, 'alice', 1);
    const there = await open(second, 'alice', 3);
    await open(second, 'bob', 1);
    actors.commit('alice', 1);
    await first.deliver('alice', 1);
    await here?.seq(1);
    for (const client of there) await client.seq(1);
    await second.deliver('alice', 1);
    actors.commit('alice', 2);
    for (const replica of replicas) await replica.deliver('alice', 2);
    for (const client of there) {
      await client.seq(2);
      expect(client.seqs).to.deep.equal([1, 2]);
    }
  });

  it('ask where all their users stand in one question, and nothing without a connection', async () => {
    const [replica] = await start(1, { compareEveryMs: 20, compareRestMsOfUser: 0 });
    if (!replica) throw new Error('there is one');
    for (const user of ['alice', 'bob', 'carol']) await open(replica, user, 2);
    await until('a question about all', () => actors.questions.some((users) => users.length === 3));
    replica.letGo();
    await until('all to have left', async () => (await replica.connections()) === 0);
    const asked = actors.questions.length;
    await open(replica, 'dave', 1);
    expect(actors.questions.slice(asked).flat()).to.include('dave').and.to.not.include('alice');
  });

  it('read what all connections of a user have missed once', async () => {
    const [replica] = await start(1);
    if (!replica) throw new Error('there is one');
    const clients = await open(replica, 'alice', 100);
    actors.commit('alice', 1, 5);
    replica.bus.catchUp();
    for (const client of clients) {
      await client.seq(5);
      expect(client.seqs).to.deep.equal(upTo(5));
    }
    expect(actors.reads).to.deep.equal([0]);
  });

  it('ask about clients that come together in few questions', async () => {
    const [replica] = await start(1);
    if (!replica) throw new Error('there is one');
    const asking = gate();
    actors.answering = asking.opened;
    const clients = await Promise.all(upTo(100).map((number) => replica.connect(`user ${number}`)));
    await until('all to be connected', () => clients.every(({ socket }) => socket.readyState === socket.OPEN));
    await until('the first questions', () => actors.questions.length === 4);
    asking.open();
    await until('all to be let in', () => clients.every(({ frames }) => frames.length > 0));
    expect(actors.questions.flat().length).to.equal(100);
    expect(actors.questions.length).to.be.lessThan(20);
  });
});
