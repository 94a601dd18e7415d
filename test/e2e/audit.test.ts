import { expect } from 'chai';
import { brokenAt } from '../support/audit-chain.js';
import type { AuditEntry } from '../support/http.js';
import { sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';
import { until } from '../support/until.js';

describe('GET /v1/audit', () => {
  const system = sharedSystem();

  /** All entries, once the log has caught up with the changes. */
  async function entries(user: TestUser): Promise<AuditEntry[]> {
    const expected = (await user.changes()).length;
    let found: AuditEntry[] = [];
    await until(`${expected} entries in the log`, async () => {
      found = (await user.get('/v1/audit?limit=1000')).log.entries;
      return found.length >= expected;
    });
    return found;
  }

  it('shows each change with the task before and after it, by whom and when', async () => {
    const alice = await system().newUser();
    const created = await alice.create({ title: 'Pay rent' });
    const updated = (await alice.patch(`/v1/tasks/${created.id}`, { title: 'Pay the rent' })).task;
    const done = (await alice.post(`/v1/tasks/${created.id}/complete`)).task;
    await alice.delete(`/v1/tasks/${created.id}`);
    const changes = await alice.changes();

    const log = await entries(alice);
    expect(log.map(({ type, before, after }) => ({ type, before, after }))).to.deep.equal([
      { type: 'TASK_CREATED', before: null, after: created },
      { type: 'TASK_UPDATED', before: created, after: updated },
      { type: 'TASK_COMPLETED', before: updated, after: done },
      { type: 'TASK_DELETED', before: done, after: null },
    ]);
    for (const [index, { seq, timestamp, actor, version, task_id, event_id }] of log.entries()) {
      expect({ seq, version, actor, task_id }).to.deep.equal({
        seq: index + 1,
        version: index + 1,
        actor: 'rest',
        task_id: created.id,
      });
      expect(timestamp).to.equal(changes[index]?.timestamp);
      expect(event_id).to.match(/^[\da-f-]{36}$/);
    }
  });

  it('is a chain of hashes that anybody can check, and in which no entry can change', async () => {
    const alice = await system().newUser();
    const tasks = await alice.createAll({ title: 'ä 👍' }, { title: 'b', tags: ['1', 'x\u2028y'] }, { title: 'c' });
    await Promise.all(tasks.map(({ id }) => alice.post(`/v1/tasks/${id}/complete`)));
    const log = await entries(alice);
    expect(log).to.have.length(6);
    expect(log[0]?.previous_hash).to.equal('0'.repeat(64));
    expect(brokenAt(alice.id, log)).to.equal(null);
    const forged = log.map((entry) => (entry.seq === 4 ? { ...entry, actor: 'mcp' } : entry));
    expect(brokenAt(alice.id, forged)).to.equal(4);
    expect(brokenAt('somebody else', log)).to.equal(1);
  });

  it('goes on after since, a page at a time, and says when it ends', async () => {
    const alice = await system().newUser();
    await alice.createAll(...Array.from({ length: 5 }, (_, index) => ({ title: `${index}` })));
    await entries(alice);
    const page = async (query: string) => {
      const { entries: some, next_since } = (await alice.get(`/v1/audit?${query}`)).log;
      return [...some.map((entry) => entry.seq), next_since];
    };
    expect(await page('limit=2')).to.deep.equal([1, 2, 2]);
    expect(await page('limit=2&since=2')).to.deep.equal([3, 4, 4]);
    expect(await page('limit=2&since=4')).to.deep.equal([5, null]);
    expect(await page('limit=1&since=4')).to.deep.equal([5, null]);
    expect(await page('since=5')).to.deep.equal([null]);
  });

  it('shows one task alone when asked to', async () => {
    const alice = await system().newUser();
    const [first, second] = await alice.createAll({ title: 'a' }, { title: 'b' });
    await alice.post(`/v1/tasks/${first?.id ?? ''}/complete`);
    await entries(alice);
    const of = async (id = '') => (await alice.get(`/v1/audit?task_id=${id}`)).log.entries.map((entry) => entry.seq);
    expect(await of(first?.id)).to.deep.equal([1, 3]);
    expect(await of(second?.id.toUpperCase())).to.deep.equal([2]);
    expect(await of('00000000-0000-4000-8000-000000000000')).to.deep.equal([]);
    expect((await alice.get('/v1/audit?task_id=1')).refusal).to.equal('422 invalid /task_id');
  });

  it('is empty for a user who has done nothing', async () => {
    const alice = await system().newUser();
    expect((await alice.get('/v1/audit')).log).to.deep.equal({ entries: [], next_since: null });
  });
});
