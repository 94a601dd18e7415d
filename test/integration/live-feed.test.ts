import { expect } from 'chai';
import { gate, type Gate } from '../support/actor-host-server.js';
import { eventAt, eventsOf, factAt } from '../support/events.js';
import type { LiveClient } from '../support/live-client.js';
import { LiveReplica, liveToken, PlayedActors } from '../support/live-replica.js';
import { until } from '../support/until.js';

describe('the live feed', () => {
  const actors = new PlayedActors();
  let replica: LiveReplica;
  let user: string;
  let users = 0;

  before(async () => {
    replica = await LiveReplica.start(actors);
  });
  after(() => replica.remove());
  beforeEach(() => {
    user = `user ${(users += 1)}`;
    actors.reads.length = 0;
  });
  afterEach(() => {
    actors.answering = undefined;
    replica.letGo();
  });

  const connect = (since?: number | string): Promise<LiveClient> =>
    replica.connect(user, since === undefined ? {} : { since });
  const open = (since?: number): Promise<LiveClient> => replica.open(user, since === undefined ? {} : { since });
  const commit = (first: number, last: number): void => actors.commit(user, first, last);
  const deliver = (...seqs: number[]): Promise<void> => replica.deliver(user, ...seqs);
  const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

  it('begins with a frame that says where it stands, and then shows each change as it comes', async () => {
    commit(1, 2);
    const client = await open();
    expect(client.frames).to.deep.equal([{ type: 'ready', seq: 2 }]);
    commit(3, 4);
    await deliver(3, 4);
    await client.seq(4);
    const { seq, type, task_id, timestamp, after } = eventAt(user, 3);
    expect(client.frames[1]).to.deep.equal({ seq, type, task_id, timestamp, task: after });
    expect(actors.reads).to.be.empty;
  });

  it('shows facts in their places with what they say, those that were missed and those that come', async () => {
    const facts = [factAt(user, 2, 1), factAt(user, 3, 1)];
    actors.have(user, [eventAt(user, 1), facts[0]!]);
    const client = await open(0);
    await client.seq(2);
    await replica.bus.receive([facts[1]!]);
    await client.seq(3);
    const shown = facts.map(({ seq, type, task_id, timestamp, after, detail }) => ({
      ...{ seq, type, task_id, timestamp },
      task: after,
      detail,
    }));
    expect(client.frames.slice(2)).to.deep.equal(shown);
  });

  it('shows first what was missed since a place, in order', async () => {
    commit(1, 450);
    const client = await open(3);
    await client.seq(450);
    expect(client.frames[0]).to.deep.equal({ type: 'ready', seq: 450 });
    expect(client.seqs).to.deep.equal(upTo(450, 4));
  });

  it('shows each change once and in order, whatever the bus repeats, turns round or leaves out', async () => {
    const client = await open();
    commit(1, 9);
    for (const seqs of [[1], [1], [3, 2], [2, 3, 1], [6], [5], [9], [9]]) await deliver(...seqs);
    await client.seq(9);
    expect(client.seqs).to.deep.equal(upTo(9));
  });

  it('loses nothing that is committed while a client is let in', async () => {
    commit(1, 1);
    const asking: Gate = gate();
    actors.answering = asking.opened;
    const client = await connect();
    await until('the question where the user stands', () => actors.questions.at(-1)?.includes(user));
    commit(2, 3);
    await deliver(2, 3);
    asking.open();
    await client.seq(3);
    expect(client.seqs).to.deep.equal([2, 3]);
  });

  it('mixes what comes with what is still being read, and keeps the order', async () => {
    commit(1, 600);
    const client = await open(0);
    for (let seq = 601; seq <= 650; seq += 1) {
      commit(seq, seq);
      await deliver(seq);
    }
    await client.seq(650);
    expect(client.seqs).to.deep.equal(upTo(650));
  });

  it('goes on after a sidecar that took events with it', async () => {
    const client = await open();
    commit(1, 3);
    replica.bus.catchUp();
    await client.seq(3);
    await deliver(2, 3);
    commit(4, 4);
    await deliver(4);
    await client.seq(4);
    expect(client.seqs).to.deep.equal(upTo(4));
  });

  it('asks a client that missed too much, or that claims to have seen what never was, to read anew', async () => {
    commit(1, 5);
    const ahead = await open(99);
    expect(ahead.frames).to.deep.equal([
      { type: 'ready', seq: 5 },
      { type: 'resync', seq: 5 },
    ]);
    actors.have(user, eventsOf(user, 1, 10_001));
    const behind = await open(0);
    await until('the second frame', () => behind.frames.length > 1);
    expect(behind.frames[1]).to.deep.equal({ type: 'resync', seq: 10_001 });
    commit(10_002, 10_002);
    await deliver(10_002);
    await behind.seq(10_002);
    expect(behind.seqs).to.deep.equal([10_002]);
  });

  it('shows the changes of its own user only', async () => {
    const client = await open();
    await replica.deliver('somebody else', 1, 2, 3);
    commit(1, 1);
    await deliver(1);
    await client.seq(1);
    expect(client.frames).to.have.length(2);
  });

  it('gives a history of large tasks to a client that reads it, however long', async () => {
    const description = '\u{1f4a9}'.repeat(4 * 1024);
    actors.have(
      user,
      upTo(400).map((seq) => eventAt(user, seq, { description })),
    );
    const client = await open(0);
    await client.seq(400);
    expect(client.seqs).to.deep.equal(upTo(400));
  });

  it('ends with 4408 for a client that does not read', async () => {
    const client = await open();
    client.socket.pause();
    const description = 'x'.repeat(16 * 1024);
    for (let seq = 1; seq <= 1_000; seq += 1) await replica.bus.receive([eventAt(user, seq, { description })]);
    client.socket.resume();
    expect(await client.closed).to.include({ code: 4408 });
    expect(client.seqs).to.deep.equal(upTo(client.seqs.length));
  });

  it('ends with 1013 when what is missing cannot be read, for the client to come again', async () => {
    const client = await open();
    await deliver(2);
    expect(await client.closed).to.include({ code: 1013 });
  });

  it('ends with 1008 when the place is no number or a parameter is not known', async () => {
    for (const since of ['x', '-1', '1.5', '', '1&sinse=2', '1&since=2']) {
      expect(await (await connect(since)).closed, since).to.include({ code: 1008 });
    }
  });

  it('ends with 4401 the moment its token expires', async () => {
    const client = await replica.connect(user, { token: await liveToken(user, 1) });
    expect(await client.closed).to.include({ code: 4401 });
    expect(client.frames).to.deep.equal([{ type: 'ready', seq: 0 }]);
  });

  it('lets go of a client that speaks more than it should', async () => {
    const client = await open();
    client.socket.send('x'.repeat(2000));
    expect(await client.closed).to.include({ code: 1009 });
    const quiet = await open();
    quiet.socket.send('hello');
    commit(1, 1);
    await deliver(1);
    await quiet.seq(1);
  });
});
