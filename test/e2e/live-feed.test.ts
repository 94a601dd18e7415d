import { expect } from 'chai';
import { shape, sharedSystem } from '../support/system.js';
import { LiveClient } from '../support/live-client.js';
import { until } from '../support/until.js';

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('GET /v1/live', () => {
  const system = sharedSystem();

  /** Of all processes. */
  async function sumOf(metric: string): Promise<number> {
    const text = await system().metrics();
    const values = [...text.matchAll(/^(\w+) (\d+)$/gm)].filter(([, name]) => name === metric);
    return values.reduce((sum, [, , value]) => sum + Number(value), 0);
  }

  it('begins with a frame that says where the user stands', async () => {
    const alice = await system().newUser();
    const fresh = await alice.live();
    expect(fresh.frames).to.deep.equal([{ type: 'ready', seq: 0 }]);
    await alice.createAll({ title: 'a' }, { title: 'b' });
    const later = await alice.live();
    expect(later.frames[0]).to.deep.equal({ type: 'ready', seq: 2 });
    await Promise.all([fresh.close(), later.close()]);
  });

  it('shows every kind of change as it happens, as /v1/changes tells it', async () => {
    const alice = await system().newUser();
    const feed = await alice.live();
    const { id } = await alice.create({ title: 'Pay rent' });
    await alice.patch(`/v1/tasks/${id}`, { priority: 'high' });
    await alice.post(`/v1/tasks/${id}/complete`);
    await alice.post(`/v1/tasks/${id}/reopen`);
    await alice.delete(`/v1/tasks/${id}`);
    await feed.seq(5);
    expect(feed.frames.slice(1)).to.deep.equal(await alice.changes());
    await feed.close();
  });

  it('shows first what was missed after since, then what comes', async () => {
    const alice = await system().newUser();
    await alice.createAll(...upTo(5).map((n) => ({ title: `${n}` })));
    const feed = await alice.live(2);
    await alice.create({ title: '6' });
    await feed.seq(6);
    expect(feed.frames[0]).to.deep.equal({ type: 'ready', seq: 5 });
    expect(feed.changes.map((change) => change.task?.title)).to.deep.equal(['3', '4', '5', '6']);
    await feed.close();
  });

  it('shows a change without being asked to again after one that changes nothing or is refused', async () => {
    const alice = await system().newUser();
    const { id } = await alice.create({ title: 'Pay rent' });
    const feed = await alice.live();
    await alice.patch(`/v1/tasks/${id}`, { title: 'Pay rent' });
    await alice.patch(`/v1/tasks/${id}`, { title: '' });
    await alice.post(`/v1/tasks/${id}/complete`);
    await feed.seq(2);
    expect(feed.seqs).to.deep.equal([2]);
    await feed.close();
  });

  it('is in order, without gap and without duplicate, for all clients of a user while many commands run', async () => {
    const alice = await system().newUser();
    const feeds = await Promise.all([alice.live(0), alice.live(0), alice.live(0)]);
    const tasks = await Promise.all(upTo(30).map((n) => alice.create({ title: `${n}` })));
    await Promise.all(tasks.map(({ id }) => alice.post(`/v1/tasks/${id}/complete`)));
    const changes = await alice.changes();
    expect(changes).to.have.length(60);
    for (const feed of feeds) {
      await feed.seq(60);
      expect(feed.changes).to.deep.equal(changes);
      await feed.close();
    }
  });

  it('resumed with since after each break shows every change once, while commands go on', async () => {
    const alice = await system().newUser();
    const commands = (async () => {
      for (let round = 0; round < 40; round += 1) {
        await Promise.all(upTo(5).map((n) => alice.create({ title: `${round}.${n}` })));
      }
    })();
    const seen: number[] = [];
    let breaks = 0;
    while (seen.length < 200) {
      const feed = await alice.live(seen.length);
      const wanted = Math.min(200, seen.length + 1 + (breaks % 7));
      await feed.seq(wanted);
      seen.push(...feed.seqs);
      // Every other one is cut off without a word.
      if ((breaks += 1) % 2 === 0) feed.socket.terminate();
      else await feed.close();
      expect(seen).to.deep.equal(upTo(seen.length));
    }
    await commands;
    expect(seen).to.deep.equal(upTo(200));
    expect(breaks).to.be.greaterThan(5);
  });

  it('asks a client that is ahead of all there is to read anew, and then goes on', async () => {
    const alice = await system().newUser();
    await alice.create({ title: 'a' });
    const feed = await alice.live(99);
    await alice.create({ title: 'b' });
    await feed.seq(2);
    expect(feed.frames.slice(0, 2)).to.deep.equal([
      { type: 'ready', seq: 1 },
      { type: 'resync', seq: 1 },
    ]);
    expect(feed.seqs).to.deep.equal([2]);
    await feed.close();
  });

  it('refuses a since that is no number, and a parameter that it does not know', async () => {
    const alice = await system().newUser();
    for (const since of ['x', '-1', '1&colour=red']) {
      const client = new LiveClient(system().url, { headers: { authorization: `Bearer ${alice.token}` }, since });
      expect(await client.closed).to.include({ code: 1008 });
    }
  });

  it('sends a client that does not read away with 4408, and the others go on', async function () {
    // On Kafka one event of a user is under way at a time, and the one address of the split shape has megabytes of room in its
    // sockets: before all that is full, the client may be away for its unanswered pings. The limit is the same in any shape.
    if (shape !== 'one-process') this.skip();
    this.timeout(180_000);
    const alice = await system().newUser();
    const [slow, other] = await Promise.all([alice.live(), alice.live()]);
    slow.socket.pause();
    // In JSON each takes twice as much. How much lies on the way before the server notices is up to the machine.
    const description = '"'.repeat(16 * 1024);
    const tasks = await Promise.all(upTo(20).map((n) => alice.create({ title: `${n}`, description })));
    let last = tasks.length;
    const before = await sumOf('todo_live_too_slow_total');
    for (let round = 0; (await sumOf('todo_live_too_slow_total')) === before; round += 1) {
      const priority = round % 2 === 0 ? 'high' : 'low';
      const replies = await Promise.all(tasks.map(({ id }) => alice.patch(`/v1/tasks/${id}`, { priority })));
      expect(replies.every(({ status }) => status === 200)).to.equal(true);
      last += tasks.length;
    }
    slow.socket.resume();
    expect(await slow.closed).to.include({ code: 4408 });
    await other.seq(last);
    expect(other.seqs).to.deep.equal(upTo(last));
    expect(slow.seqs).to.deep.equal(upTo(slow.seqs.length));
    const again = await alice.live(slow.seqs.length);
    await again.seq(last);
    expect([...slow.seqs, ...again.seqs]).to.deep.equal(upTo(last));
    await Promise.all([other.close(), again.close()]);
  });

  it('takes a client that leaves out of its books', async () => {
    const alice = await system().newUser();
    const before = await sumOf('todo_live_connections');
    const feeds = await Promise.all([alice.live(), alice.live()]);
    expect(await sumOf('todo_live_connections')).to.equal(before + 2);
    for (const feed of feeds) feed.socket.terminate();
    await until('the clients to be forgotten', async () => (await sumOf('todo_live_connections')) === before);
  });
});
