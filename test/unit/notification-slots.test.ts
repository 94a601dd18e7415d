import { expect } from 'chai';
import { Slots, type Job } from '../../subscribers/notification/slots.js';
import { until } from '../support/until.js';

describe('messages at once', () => {
  const limits = {
    atOnce: 4,
    atOnceOfUser: 2,
    atOnceOfHost: 3,
    waiting: 6,
    waitingOfUser: 3,
    waitingOfHost: 5,
  };

  /** Jobs that run until they are ended. */
  function jobs() {
    const running: string[] = [];
    const dropped: string[] = [];
    const ends = new Map<string, () => void>();
    const job = (name: string, user: string, host: string): Job => ({
      user,
      host,
      run: () => {
        running.push(name);
        return new Promise((resolve) => ends.set(name, resolve));
      },
      drop: () => void dropped.push(name),
    });
    return { running, dropped, job, end: (name: string) => ends.get(name)?.() };
  }

  it('are bounded in all, for each user and for each host, so that a slow receiver delays nobody else', async () => {
    const { running, job, end } = jobs();
    const slots = new Slots(limits);
    const slow = [1, 2, 3, 4, 5].map((number) => slots.offer(job(`slow ${number}`, 'eve', 'slow.example')));
    expect(slow).to.deep.equal([true, true, true, true, true]);
    expect(running).to.deep.equal(['slow 1', 'slow 2']);
    expect(slots.busyUsers).to.deep.equal(['eve']);
    expect(slots.offer(job('slow 6', 'eve', 'slow.example'))).to.equal(false);
    // Another user of the same host, and another host.
    slots.offer(job('bob', 'bob', 'slow.example'));
    slots.offer(job('ann', 'ann', 'slow.example'));
    slots.offer(job('cat', 'cat', 'quick.example'));
    expect(running).to.deep.equal(['slow 1', 'slow 2', 'bob', 'cat']);
    end('slow 1');
    await until('the next of the host', () => running.length === 5);
    expect(running[4]).to.equal('slow 3');
    expect(slots.atWork).to.equal(4);
  });

  it('begin when there is room, in the order in which they came', async () => {
    const { running, dropped, job, end } = jobs();
    let freed = 0;
    const slots = new Slots({ ...limits, atOnce: 1 }, () => (freed += 1));
    for (const name of ['a', 'b', 'c']) slots.offer(job(name, name, name));
    expect(running).to.deep.equal(['a']);
    expect(slots.room).to.equal(4);
    end('a');
    await until('b', () => running.length === 2);
    end('b');
    await until('c', () => running.length === 3);
    expect(running).to.deep.equal(['a', 'b', 'c']);
    expect(freed).to.equal(2);
    slots.offer(job('d', 'd', 'd'));
    const stopped = slots.stop();
    end('c');
    await stopped;
    expect([running.length, dropped]).to.deep.equal([3, ['d']]);
    expect(slots.atWork).to.equal(0);
  });
});
