import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { TaskFields } from '../../domain/task/commands.js';
import type { Task } from '../../domain/task/task.js';
import { ActorCaller } from '../support/dapr-actor-call.js';
import { HeldLock } from '../support/held-lock.js';
import { startSecondHost, type SecondHost } from '../support/second-host.js';
import { secondHostName } from '../support/second-host-settings.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import { databaseUrlOf, underLoad } from '../support/trial.js';
import { until } from '../support/until.js';

describe('a turn that is cut off', function () {
  this.timeout(120_000);
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await startTestSystem();
  });
  after(() => system.remove());
  /** What a test that fails leaves behind. */
  const opened: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of opened.splice(0)) await close();
  });
  const hold = async (statement: string, values: unknown[] = []): Promise<HeldLock> => {
    const lock = await HeldLock.take(await databaseUrlOf(system), statement, values);
    opened.push(() => lock.release());
    return lock;
  };
  const join = async (): Promise<SecondHost> => {
    const host = await startSecondHost(system);
    opened.push(() => host.leave());
    return host;
  };

  const create = { op: 'create', fields: fieldsOf('Cut off') } as const;
  /** Turns that the first host gave up. */
  const aborted = async (): Promise<number> => {
    const metrics = await (await fetch(`${system.url}/metrics`)).text();
    const lines = metrics.split('\n').filter((line) => /^todo_actor_turns_total\{.*outcome="aborted"/.test(line));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };

  it('before its commit, because its caller went away: nothing of it is there', async () => {
    const user = await system.newUser();
    const caller = await ActorCaller.of(system);
    const before = await aborted();
    // The actor asks for the user's zone first.
    const lock = await hold('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    const hangUp = new AbortController();
    const call = caller.execute(user.id, randomUUID(), create, 'cut', hangUp.signal).catch(() => 'cut off');
    await lock.hasWaiters();
    hangUp.abort();
    expect(await call).to.equal('cut off');
    // Nothing tells from outside when daprd has hung up in its turn.
    await sleep(500);
    await lock.release();
    await until('the turn has been given up', async () => (await aborted()) > before);
    expect(await user.changes()).to.deep.equal([]);
    expect(await user.titles()).to.deep.equal([]);
    // The key is free: the same command again is carried out, and is the first.
    const again = await caller.execute(user.id, randomUUID(), create, 'cut');
    expect(again.body).to.include({ seq: 1, replayed: false });
  });

  it('in the middle of its commit: the whole of it is there, and the same command again gets its answer', async () => {
    const user = await system.newUser();
    const live = await user.live();
    const first = await user.create({ title: 'Before' });
    const caller = await ActorCaller.of(system);
    const lock = await hold('SELECT FROM users WHERE user_id = $1 FOR UPDATE', [user.id]);
    const id = randomUUID();
    const hangUp = new AbortController();
    const call = caller.execute(user.id, id, create, 'cut', hangUp.signal).catch(() => 'cut off');
    await lock.hasWaiters();
    hangUp.abort();
    expect(await call).to.equal('cut off');
    await lock.release();

    const change = await live.seq(2);
    expect(change.task).to.include({ id, title: 'Cut off' });
    expect((await user.get(`/v1/tasks/${id}`)).task).to.deep.equal(change.task);
    const again = await caller.execute(user.id, randomUUID(), create, 'cut');
    expect(again.body).to.deep.include({ replayed: true, task: change.task });
    expect((await user.changes()).map(({ seq, task_id }) => [seq, task_id])).to.deep.equal([
      [1, first.id],
      [2, id],
    ]);
  });

  it("and goes on while its actor is another host's already: both changes are there, one after the other", async () => {
    // So many that some of their actors move; few of one user's commits run at once.
    const users = await Promise.all([1, 2, 3].map(() => system.newUser()));
    const tasks: Task[] = [];
    for (const user of users) {
      tasks.push(...(await user.createAll(...[1, 2, 3, 4].map((number) => ({ title: `Task ${number}` })))));
    }
    const caller = await ActorCaller.of(system);
    const lock = await hold('SELECT FROM users WHERE user_id = ANY ($1) FOR UPDATE', [users.map((user) => user.id)]);
    const hangUp = new AbortController();
    const update = ({ user_id, id }: Task, patch: Partial<TaskFields>, signal?: AbortSignal) =>
      caller.execute(user_id, id, { op: 'update', patch, expected_versions: null }, randomUUID(), signal);
    const cut = tasks.map((task) => update(task, { priority: 'high' }, hangUp.signal).catch(() => 'cut off'));
    await lock.hasWaiters(tasks.length);
    hangUp.abort();
    expect(new Set(await Promise.all(cut))).to.deep.equal(new Set(['cut off']));

    const second = await join();
    const answers = Promise.all(tasks.map((task) => update(task, { description: 'later' })));
    // Both hosts are about to make the second version of a task.
    await lock.hasWaiters(1, secondHostName);
    await lock.release();
    for (const [index, { status, body }] of (await answers).entries()) {
      expect(status).to.equal(200);
      // The turn that was cut off came first, or it came second, found the version taken, and saw that nobody waits.
      const priority = body['version'] === 3 ? 'high' : 'none';
      expect(body['task']).to.include({ priority, description: 'later', version: body['version'] });
      const { id, user_id } = tasks[index] ?? {};
      const changes = (await users.find((user) => user.id === user_id)?.changes()) ?? [];
      const versions = changes.filter((change) => change.task_id === id).map((change) => change.task?.version);
      expect(versions).to.deep.equal(body['version'] === 3 ? [1, 2, 3] : [1, 2]);
    }
    await second.leave();
  });

  it('by Dapr, which gives its actor to another host meanwhile: each command is carried out once', async () => {
    await underLoad(system, 'turns cut off by a host that joins', async ({ users, acknowledgedMore }) => {
      const some = users.slice(-3).map((user) => user.id);
      const lock = await hold('SELECT FROM users WHERE user_id = ANY ($1) FOR UPDATE', [some]);
      await lock.hasWaiters(some.length);
      const second = await join();
      // Dapr gives turns 2 s to end. Commands that the first host still has in hand are then sent to the second as well.
      await lock.hasWaiters(1, secondHostName);
      await lock.release();
      await acknowledgedMore();
      await second.leave();
    });
  });
});

function fieldsOf(title: string): TaskFields {
  return {
    title,
    description: '',
    priority: 'none',
    tags: [],
    due_date: null,
    time_zone: null,
    recurrence: null,
    reminders: [],
  };
}
