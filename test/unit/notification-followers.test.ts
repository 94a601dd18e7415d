import { expect } from 'chai';
import { pino } from 'pino';
import { ScheduleFollowers } from '../../subscribers/notification/followers.js';
import { until } from '../support/until.js';

describe('the schedules of reminders', () => {
  const log = pino({ level: 'silent' });

  it('are told once for many changes of a user, and nobody waits for one that is away', async () => {
    const told: string[] = [];
    let isAway = true;
    const followers = new ScheduleFollowers(log, (userId) => {
      told.push(userId);
      return userId === 'away' && isAway ? Promise.reject(new Error('away')) : Promise.resolve();
    });
    followers.note(['ann', 'away', 'ann', 'bob', 'away']);
    await until('all were called', () => told.length === 3);
    expect([...told].sort()).to.deep.equal(['ann', 'away', 'bob']);
    isAway = false;
    await until('it is called again', () => told.length === 4);
    expect(told[3]).to.equal('away');
    await followers.stop();
  });

  it('are not told any more after a stop', async () => {
    const told: string[] = [];
    let answer: () => void = () => undefined;
    const followers = new ScheduleFollowers(log, (userId) => {
      told.push(userId);
      return new Promise<void>((resolve) => (answer = resolve));
    });
    followers.note(['ann']);
    await until('one is called', () => told.length === 1);
    followers.note(['bob']);
    const stopped = followers.stop();
    answer();
    await stopped;
    expect(told).to.deep.equal(['ann']);
  });
});
