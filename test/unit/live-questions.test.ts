import { expect } from 'chai';
import { MissedFrames } from '../../subscribers/websocket/missed-frames.js';
import { UserSeqs, type SeqsOfUsers } from '../../subscribers/websocket/user-seqs.js';
import { gate } from '../support/actor-host-server.js';
import { eventAt } from '../support/events.js';

const times = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('where users stand', () => {
  it('is asked of 500 users at once at most, and not in a question that is under way', async () => {
    const asking = gate();
    const questions: (readonly string[])[] = [];
    const seqsOf: SeqsOfUsers = async (users) => {
      questions.push(users);
      await asking.opened;
      return users.map((user_id) => ({ user_id, seq: Number(user_id) }));
    };
    const seqs = new UserSeqs(seqsOf);
    const answers = times(1_204).map((number) => seqs.of(String(number)));
    asking.open();
    expect(await Promise.all(answers)).to.deep.equal(times(1_204));
    expect(questions.map(({ length }) => length)).to.deep.equal([1, 1, 1, 1, 500, 500, 200]);
  });

  it('is 0 of a user without events, and whoever waits for a question that failed hears of it', async () => {
    let isDown = true;
    const seqs = new UserSeqs(() => (isDown ? Promise.reject(new Error('down')) : Promise.resolve([])));
    const failed = await Promise.allSettled([seqs.of('alice'), seqs.of('bob')]);
    expect(failed.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    isDown = false;
    expect(await seqs.of('alice')).to.equal(0);
  });
});

describe('what live feeds have missed', () => {
  it('is read by few at once, and a reading that fails frees its place', async () => {
    let running = 0;
    let most = 0;
    const missed = new MissedFrames(async (userId, after) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      if (after % 2 === 1) throw new Error('down');
      return [eventAt(userId, after + 1)];
    });
    const read = await Promise.allSettled(times(500).map((after) => missed.after('alice', after)));
    expect(read.filter(({ status }) => status === 'rejected')).to.have.length(250);
    expect(most).to.equal(32);
    expect((await missed.after('alice', 8)).map(({ seq }) => seq)).to.deep.equal([9]);
  });

  it('is read anew after a reading has ended', async () => {
    let reads = 0;
    const missed = new MissedFrames((userId, after) => {
      reads += 1;
      return Promise.resolve([eventAt(userId, after + 1)]);
    });
    const [one, other] = await Promise.all([missed.after('alice', 0), missed.after('alice', 0)]);
    expect(one).to.equal(other);
    await missed.after('bob', 0);
    await missed.after('alice', 0);
    expect(reads).to.equal(3);
  });
});
