import { once } from 'node:events';
import { expect } from 'chai';
import { LiveFollower } from '../support/live-follower.js';
import { LiveReplica, liveToken, PlayedActors } from '../support/live-replica.js';
import { until } from '../support/until.js';

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('a replica that stops', () => {
  let actors: PlayedActors;
  const replicas: LiveReplica[] = [];

  async function start(limits = {}): Promise<LiveReplica> {
    const replica = await LiveReplica.start(actors, { limits });
    replicas.push(replica);
    return replica;
  }
  beforeEach(() => {
    actors = new PlayedActors();
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.remove()));
  });

  it('tells its clients to come back one after the other, when it has no time to close them so', async () => {
    const replica = await start({ drainMs: 0, returnEveryMs: 10 });
    const clients = await Promise.all(upTo(50).map((number) => replica.open(`user ${number}`)));
    await replica.stop();
    const ends = await Promise.all(clients.map((client) => client.closed));
    expect(ends.every(({ code }) => code === 1001)).to.equal(true);
    const waits = ends.map(({ reason }) => Number(/^going away; retry in (\d+) ms$/.exec(reason)?.[1]));
    expect(waits.sort((a, b) => a - b)).to.deep.equal(upTo(50).map((number) => (number - 1) * 10));
  });

  it('shows changes to each until its own moment has come', async () => {
    const replica = await start({ drainMs: 60_000, returnEveryMs: 1_000 });
    const clients = [await replica.open('alice'), await replica.open('alice'), await replica.open('alice')];
    const stopped = replica.stop();
    const [first, second, last] = clients;
    expect(await first?.closed).to.deep.equal({ code: 1001, reason: 'going away; retry in 0 ms' });
    await replica.deliver('alice', 1);
    await Promise.all([second?.seq(1), last?.seq(1)]);
    await stopped;
    expect(await last?.closed).to.deep.equal({ code: 1001, reason: 'going away; retry in 0 ms' });
    expect(first?.seqs).to.deep.equal([]);
  });

  it('takes no new client meanwhile', async () => {
    const replica = await start({ drainMs: 60_000, returnEveryMs: 1_000 });
    const clients = [await replica.open('alice'), await replica.open('alice')];
    const stopped = replica.stop();
    await clients[0]?.closed;
    const late = await replica.connect('alice');
    const refused = await late.closed.catch((error: unknown) => String(error));
    expect(refused).to.match(/503/);
    await stopped;
  });

  it('does not wait for clients that do not answer', async () => {
    const replica = await start({ lastFarewellMs: 50 });
    const client = await replica.open('alice');
    client.socket.pause();
    await replica.stop();
    client.socket.resume();
    await once(client.socket, 'close');
  });

  it('has clients go on at another one and miss nothing', async () => {
    const first = await start({ returnEveryMs: 5, drainMs: 50 });
    const second = await start();
    const user = { id: 'alice', token: await liveToken('alice') };
    let url = first.url;
    const followers = upTo(20).map(() => new LiveFollower(user, () => url));
    await until('all to follow', () => followers.every(({ connections }) => connections === 1));
    const commit = async (seq: number): Promise<void> => {
      actors.commit('alice', seq);
      for (const replica of replicas) await replica.deliver('alice', seq);
    };
    for (let seq = 1; seq <= 20; seq += 1) await commit(seq);
    url = second.url;
    const stopped = first.stop();
    for (let seq = 21; seq <= 40; seq += 1) await commit(seq);
    await stopped;
    for (let seq = 41; seq <= 60; seq += 1) await commit(seq);
    await until('all to have seen all', () => followers.every(({ lastSeq }) => lastSeq === 60));
    await Promise.all(followers.map((follower) => follower.stop()));
    for (const { faults, changes } of followers) {
      expect(faults).to.deep.equal([]);
      expect(changes.map(({ seq }) => seq)).to.deep.equal(upTo(60));
    }
  });
});
