import { expect } from 'chai';
import { StepQueue } from '../../subscribers/recurrence/step-queue.js';
import type { SeriesStep } from '../../domain/recurrence/series-step.js';

const step = (user_id: string, occurrence: number, version = 2): SeriesStep => ({
  user_id,
  series_id: 'series',
  occurrence,
  task_id: 'task',
  version,
  created_at: '2026-11-24T10:00:00.000Z',
});

/** A queue whose steps end when they are told to, in the order of their begin. */
function queueOf(limits: { atOnce?: number; atOnceOfUser?: number; mostWaiting?: number } = {}) {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const queue = new StepQueue({
    take({ user_id, occurrence }) {
      begun.push(`${user_id} ${occurrence}`);
      return new Promise((resolve) => ends.push(resolve));
    },
    ...{ atOnce: 3, atOnceOfUser: 2, mostWaiting: 100, ...limits },
  });
  const end = async (): Promise<void> => {
    ends.shift()?.();
    await new Promise(setImmediate);
  };
  return { queue, begun, end };
}

describe('the queue of steps', () => {
  it('takes so many at once, and few of one user: who has many does not hold up the others', async () => {
    const { queue, begun, end } = queueOf();
    for (const occurrence of [1, 2, 3, 4]) queue.add(step('busy', occurrence));
    expect(begun).to.deep.equal(['busy 1', 'busy 2']);
    queue.add(step('other', 1));
    queue.add(step('third', 1));
    expect(begun).to.deep.equal(['busy 1', 'busy 2', 'other 1']);
    await end();
    // The third user came before the busy one may go on.
    expect(begun.slice(3)).to.deep.equal(['third 1']);
    await end();
    expect(begun.slice(4)).to.deep.equal(['busy 3']);
    for (let left = queue.size; left > 0; left -= 1) await end();
    expect(begun).to.have.length(6);
    expect(queue.size).to.equal(0);
  });

  it('takes a step once, however often it is told of it, and again when it is told of it after that', async () => {
    const { queue, begun, end } = queueOf();
    queue.add(step('alice', 1));
    queue.add(step('alice', 1));
    queue.add(step('alice', 1, 4));
    await end();
    await end();
    expect(begun).to.deep.equal(['alice 1', 'alice 1']);
    queue.add(step('alice', 1));
    expect(begun).to.have.length(3);
  });

  it('holds no more than it may', async () => {
    const { queue, end } = queueOf({ mostWaiting: 2 });
    expect([1, 2, 3].map((occurrence) => queue.add(step('alice', occurrence)))).to.deep.equal([true, true, false]);
    await end();
    expect(queue.add(step('alice', 3))).to.equal(true);
  });

  it('stops when what is under way has ended, and begins nothing more', async () => {
    const { queue, begun, end } = queueOf();
    for (const occurrence of [1, 2, 3]) queue.add(step('alice', occurrence));
    let isStopped = false;
    const stopped = queue.stop().then(() => (isStopped = true));
    await end();
    expect(isStopped).to.equal(false);
    await end();
    await stopped;
    expect(begun).to.deep.equal(['alice 1', 'alice 2']);
    expect(queue.add(step('alice', 4))).to.equal(false);
  });
});
