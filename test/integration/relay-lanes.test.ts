import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { expect } from 'chai';
import { laneOf } from '../../actors/relay/lanes.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { RelayProcess } from '../support/relay-process.js';
import { logTable, startStandingStill, type StoppableRelay } from '../support/stoppable-relay.js';
import { until } from '../support/until.js';

const lanes = 16;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('several relays that share the work', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let processes: RelayProcess[];
  let child: StoppableRelay | undefined;
  before(async () => {
    database = await testDatabase();
  });
  after(() => database.drop());
  beforeEach(() => {
    processes = [];
  });
  afterEach(async () => {
    child?.kill();
    for (const process of processes) await process.stop();
  });

  const start = (name: string): RelayProcess => {
    const process = new RelayProcess(database, `${name} ${randomUUID().slice(0, 8)}`, { broker: 'kafka' });
    processes.push(process);
    return process;
  };
  const untilTheyLead = (...wanted: [RelayProcess, number][]): Promise<void> =>
    until(`they lead ${wanted.map(([, count]) => count).join(' and ')} lanes`, async () => {
      const counts = await Promise.all(wanted.map(([process]) => process.figure('lanes')));
      return counts.every((count, index) => count === wanted[index]?.[1]);
    });

  it('divide the lanes evenly, anew when one comes or goes, and each event is published by one of them, in order', async () => {
    const [first, second, third] = [start('first'), start('second'), start('third')];
    await until('all lanes are led, by all of them', async () => {
      const counts = await Promise.all(processes.map((process) => process.figure('lanes')));
      return Math.min(...counts) >= 4 && counts.reduce((sum, count) => sum + count, 0) === lanes;
    });
    const users = Array.from({ length: 40 }, () => randomUUID());
    const published = (user: string) =>
      processes.map((process) => process.seqs(user)).filter(({ length }) => length > 0);
    await Promise.all(users.map((user, index) => (processes[index % 3] ?? first).commit(user, 5)));
    await until('all is published', () => users.every((user) => published(user).flat().length >= 5));
    for (const user of users) expect(published(user)).to.deep.equal([upTo(5)]);
    const byProcess = processes.map((process) => users.filter((user) => process.seqs(user).length > 0).length);
    expect(Math.min(...byProcess), 'users of the one that published least').to.be.greaterThan(0);
    await third.stop();
    processes.pop();
    await untilTheyLead([first, 8], [second, 8]);
  });

  it('takes over from a process that dies, and publishes what that one told nobody of, within seconds', async () => {
    const [first, second] = [start('first'), start('second')];
    await untilTheyLead([first, 8], [second, 8]);
    const users = Array.from({ length: 40 }, () => randomUUID());
    for (const user of users) await first.commit(user, 2, false);
    await first.die(database);
    await until('all is published', () =>
      users.every((user) => new Set([...first.seqs(user), ...second.seqs(user)]).size === 2),
    );
    for (const user of users) {
      for (const { seqs } of [first, second].map((process) => ({ seqs: process.seqs(user) }))) {
        expect(seqs, user).to.deep.equal(upTo(2).slice(0, seqs.length));
      }
    }
    await untilTheyLead([first, 8], [second, 8]);
  });

  it('hands over one event of a user in a call, and the next only when that one was acknowledged to every topic', async () => {
    const process = start('only');
    await untilTheyLead([process, lanes]);
    const users = Array.from({ length: 10 }, () => randomUUID());
    const underWay = new Map<string, number>();
    const faults: string[] = [];
    process.refuses = async (topic, events) => {
      for (const { user_id, seq } of events) {
        const key = `${topic} ${user_id}`;
        if (underWay.has(key)) faults.push(`${key}: ${seq} was handed over while ${underWay.get(key)} was under way`);
        underWay.set(key, seq);
        for (const [other, otherSeq] of underWay) {
          if (other.endsWith(user_id) && otherSeq !== seq) faults.push(`${user_id}: ${otherSeq} and ${seq} at once`);
        }
      }
      // Each topic answers at its own time.
      for (let turn = 0; turn < topic.length - 8; turn += 1) await new Promise(setImmediate);
      for (const { user_id } of events) underWay.delete(`${topic} ${user_id}`);
    };
    await Promise.all(users.map((user) => process.commit(user, 10)));
    await until('all is published', () => users.every((user) => process.seqs(user).length === 10));
    expect(faults).to.deep.equal([]);
    for (const user of users) expect(process.seqs(user)).to.deep.equal(upTo(10));
  });

  it('takes over from a process that stands still; when it goes on, each event still has its first place in order', async () => {
    child = await startStandingStill(database);
    const standing = child;
    const users = Array.from({ length: 40 }, () => randomUUID());
    const other = start('other');
    await untilTheyLead([other, 8]);
    other.refuses = (topic, events) => logTable.append(database.pool, 'other', topic, events);
    const committing = (async () => {
      for (let round = 0; round < 60; round += 1) await Promise.all(users.map((user) => other.commit(user)));
    })();
    await until('both publish', async () => (await logTable.sources(database.pool)).length === 2);
    standing.signal('SIGSTOP');
    await untilTheyLead([other, lanes]);
    await committing;
    await until(
      'all is published meanwhile',
      async () => (await logTable.firstPlaces(database.pool)).length === 60 * users.length,
      30_000,
    );
    standing.signal('SIGCONT');
    await untilTheyLead([other, 8]);
    await Promise.all(users.map((user) => other.commit(user)));
    await until(
      'what comes then is published, too',
      async () => (await logTable.firstPlaces(database.pool)).length === 61 * users.length,
    );
    const places = await logTable.firstPlaces(database.pool);
    for (const user of users) {
      expect(places.filter(({ user_id }) => user_id === user).map(({ seq }) => seq)).to.deep.equal(upTo(61));
    }
    const exit = once(standing.process, 'exit');
    standing.kill();
    await exit;
  });

  it('agree with the database on the lane of a user, whatever its name', async () => {
    const names = ['alice', 'Ünïcödé', '用户', "o'hara", '😀', 'a'.repeat(128)];
    const { rows } = await database.pool.query<{ lane: number }>(
      `SELECT get_byte(sha256(convert_to(name, 'UTF8')), 0) % 16 AS lane FROM unnest($1::text[]) WITH ORDINALITY AS n (name, place) ORDER BY place`,
      [names],
    );
    expect(names.map((name) => laneOf(name, 16))).to.deep.equal(rows.map(({ lane }) => lane));
    const many = Array.from({ length: 1_000 }, (_, index) => laneOf(`user-${index}`, 16));
    expect(new Set(many).size).to.equal(16);
  });
});
