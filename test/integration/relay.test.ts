import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { commitFacts } from '../../actors/facts/commit-facts.js';
import { derivedId } from '../../domain/events/derived-id.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { taskTopics, topics, type Topic } from '../../domain/events/topics.js';
import { TodoError } from '../../domain/errors.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { RelayProcess } from '../support/relay-process.js';
import { until } from '../support/until.js';

describe('the relay of events', () => {
  let database: TestDatabase;
  let processes: RelayProcess[];
  before(async function () {
    this.timeout(60_000);
    database = await testDatabase();
  });
  after(() => database.drop());
  beforeEach(() => {
    processes = [];
  });
  afterEach(async () => {
    for (const process of processes) await process.stop();
  });

  const start = (name: string, mayLead = true): RelayProcess => {
    const process = new RelayProcess(database, `${name} ${randomUUID().slice(0, 8)}`, { mayLead });
    processes.push(process);
    return process;
  };
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  it('publishes what its own process commits, to every topic, in the order of each user', async () => {
    const process = await start('only').untilItLeads();
    await Promise.all([process.commit('ann', 5), process.commit('ben', 5)]);
    for (const topic of taskTopics) {
      await until(
        'all is published',
        () => process.seqs('ann', topic).length + process.seqs('ben', topic).length === 10,
      );
      expect(process.seqs('ann', topic)).to.deep.equal(upTo(5));
      expect(process.seqs('ben', topic)).to.deep.equal(upTo(5));
    }
  });

  it('publishes facts to the topic of their type beside those of all events, told of or found, in the one order', async () => {
    const process = await start('only').untilItLeads();
    await process.commit('mia', 1);
    await until('it is published', () => process.seqs('mia').length === 1);
    const [change] = (process.published.get('task-events') ?? []).filter(({ user_id }) => user_id === 'mia');
    const commit = (name: string, committed: (event: CommittedEvent) => void) =>
      commitFacts({ pool: database.pool, committed }, [
        {
          ...{
            user_id: 'mia',
            task_id: change?.task_id ?? '',
            actor: 'recurrence',
            timestamp: '2026-11-24T09:00:00.000Z',
          },
          type: 'SERIES_ENDED',
          event_id: derivedId(name),
          detail: { series_id: derivedId('series'), occurrence: 3 },
        },
      ]);
    const [told] = await commit('told', (event) => process.relay.committed(event));
    await commit('untold', () => undefined);
    await process.commit('mia', 1);
    const seqs = (topic: Topic) => process.seqs('mia', topic);
    await until('all is published', () => seqs('task-audit').length === 4 && seqs('task-updates').length === 4);
    expect([seqs('task-audit'), seqs('task-updates')]).to.deep.equal([upTo(4), upTo(4)]);
    expect(seqs('task-events')).to.deep.equal([1, 4]);
    expect(seqs('task-recurrence')).to.deep.equal([2, 3]);
    expect(seqs('task-reminders')).to.deep.equal([]);
    const [first, second] = process.published.get('task-recurrence') ?? [];
    expect(first).to.equal(told).and.to.deep.include({ version: 1, before: null, after: change?.after });
    expect(second).to.deep.equal({ ...told, seq: 3, event_id: derivedId('untold') });
  });

  it('publishes in one process what another commits, without a sweep, in the order of both', async () => {
    const leader = await start('leader').untilItLeads();
    const other = start('other');
    await Promise.all([leader.commit('carl', 20), other.commit('carl', 20), other.commit('dora', 5)]);
    await until('all is published', () => leader.seqs('carl').length === 40 && leader.seqs('dora').length === 5);
    expect(leader.seqs('carl')).to.deep.equal(upTo(40));
    expect(leader.seqs('dora')).to.deep.equal(upTo(5));
    expect(other.seqs('carl')).to.deep.equal([]);
  });

  it('passes the lead on when its process dies, and the next finds what the dead one told nobody of', async () => {
    const first = await start('first').untilItLeads();
    const second = start('second');
    await first.commit('emil', 2);
    await until('it is published', () => first.seqs('emil').length === 2);
    await second.commit('emil', 2, false);
    // Its relay would come back after a moment, as another process would.
    await first.die(database);
    await second.untilItLeads();
    await until('it is published', () => second.seqs('emil').includes(4));
    expect(new Set([...first.seqs('emil'), ...second.seqs('emil')])).to.deep.equal(new Set(upTo(4)));
    expect(await first.leads()).to.equal(false);
    await first.commit('emil', 1);
    await until('the commit of the one that led is published', () => second.seqs('emil').includes(5));
  });

  it('goes by the database when it leads again, not by what it remembers', async () => {
    const first = await start('first').untilItLeads();
    await first.commit('fred', 1);
    await until('it is published', () => first.seqs('fred').length === 1);
    const second = start('second');
    await first.die(database);
    await second.untilItLeads();
    await second.commit('fred', 2);
    await until('it is published', () => second.seqs('fred').includes(3));
    await second.relay.stop();
    await first.untilItLeads();
    await first.commit('fred', 1);
    await until('it is published', () => first.seqs('fred').includes(4));
    expect(first.seqs('fred').filter((seq) => seq === 2 || seq === 3)).to.deep.equal([]);
  });

  it('gives the lead up when it stops, and tells the next leader of commits that still come', async () => {
    const first = await start('first').untilItLeads();
    const second = start('second');
    await first.commit('gina', 1);
    await first.relay.stop();
    expect(first.seqs('gina')).to.deep.equal([1]);
    await second.untilItLeads();
    await first.commit('gina', 1);
    await until('it is published', () => second.seqs('gina').includes(2));
    expect(second.seqs('gina')).to.deep.equal([2]);
  });

  it('never leads where nobody would hear it', async () => {
    const deaf = start('deaf', false);
    await deaf.commit('hugo', 1);
    const leader = await start('leader').untilItLeads();
    await until('it is published', () => leader.seqs('hugo').length === 1);
    await deaf.commit('hugo', 1);
    await until('it is published', () => leader.seqs('hugo').length === 2);
    expect(deaf.seqs('hugo')).to.deep.equal([]);
  });

  it('publishes to every topic what one of them did not take at first, and loses no order', async () => {
    const process = await start('only').untilItLeads();
    let refusals = 3;
    process.refuses = (topic) => {
      if (topic === 'task-audit' && refusals-- > 0) throw new Error('no');
    };
    await process.commit('ida', 6);
    for (const topic of taskTopics) {
      await until('all is published', () => process.seqs('ida', topic).includes(6));
      const firsts = [...new Set(process.seqs('ida', topic))];
      expect(firsts).to.deep.equal(upTo(6));
    }
  });

  it('passes over an event that can never be published, and publishes all others', async () => {
    const process = await start('only').untilItLeads();
    process.refuses = (_topic, events) => {
      if (events.some((event) => event.user_id === 'jane' && event.seq === 2))
        throw new TodoError('invalid', 'unsound');
    };
    await Promise.all([process.commit('jane', 3), process.commit('karl', 3)]);
    await until('all is published', () => process.seqs('jane').includes(3) && process.seqs('karl').includes(3));
    expect([...new Set(process.seqs('jane'))]).to.deep.equal([1, 3]);
    expect([...new Set(process.seqs('karl'))]).to.deep.equal(upTo(3));
  });

  it('publishes an empty message on a tick when there is nothing else, for the last one lost to be missed', async () => {
    const process = start('only');
    let empty = 0;
    process.refuses = (_topic, events) => {
      if (events.length === 0) empty += 1;
    };
    process.relay.sweep();
    await process.untilItLeads();
    process.relay.sweep();
    await until('it is published to every topic', () => empty === topics.length);
  });

  it('publishes what it was not told of by its sweep, however much it is', async function () {
    this.timeout(40_000);
    const process = await start('only').untilItLeads();
    await process.commit('lena', 120, false);
    await until(
      'it is published',
      () => {
        process.relay.sweep();
        return process.seqs('lena').length >= 120;
      },
      30_000,
    );
    expect(process.seqs('lena')).to.deep.equal(upTo(120));
  });
});
