import { expect } from 'chai';
import pg from 'pg';
import { occurrenceId } from '../../domain/recurrence/series.js';
import type { Task } from '../../domain/task/task.js';
import { HeldLock } from '../support/held-lock.js';
import { newSeed, Seeded } from '../support/seeded.js';
import { nextOf, recurring, storyOf } from '../support/series.js';
import { startTestSystem, startTimeoutMs, type TestSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';
import { databaseUrlOf } from '../support/trial.js';
import { until } from '../support/until.js';

/** How long a start may leave a step, in milliseconds: a consumer of Kafka that was killed holds its place for a while. */
const soonMs = 60_000;

describe('a recurring task whose system dies between its completion and its successor', function () {
  this.timeout(180_000);
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await startTestSystem();
  });
  after(() => system.remove());

  const inDatabase = async (statement: string): Promise<void> => {
    const database = new pg.Client({ connectionString: await databaseUrlOf(system) });
    await database.connect();
    await database.query(statement);
    await database.end();
  };
  const complete = (user: TestUser, task: Task) => user.post(`/v1/tasks/${task.id}/complete`);
  const story = ['TASK_CREATED 1', 'TASK_COMPLETED 1', 'TASK_CREATED 2', 'TASK_RECURRED 2'];
  /** Waits until a completed task has its successor, and expects that it is the only one. */
  async function hasOne(user: TestUser, task: Task): Promise<void> {
    await nextOf(user, task, soonMs);
    await until('what is known of the successor', async () => (await storyOf(user)).length >= story.length, soonMs);
    expect(await storyOf(user)).to.deep.equal(story);
  }

  // What a successor's commit does first, and nothing else does.
  const block = (body: string): string => `
    CREATE OR REPLACE FUNCTION block_successors() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN ${body} RETURN NEW; END $$;
    CREATE OR REPLACE TRIGGER block_successors BEFORE INSERT ON events
      FOR EACH ROW WHEN (NEW.actor = 'recurrence') EXECUTE FUNCTION block_successors()`;
  const unblock = 'DROP TRIGGER block_successors ON events';

  it('because it could not be made before: it is there soon after the next start', async () => {
    const user = await system.newUser();
    await inDatabase(block(`RAISE EXCEPTION 'not now';`));
    const task = await user.create(recurring('Stretch'));
    expect((await complete(user, task)).status).to.equal(200);
    await system.kill9();
    await system.start();
    await inDatabase(unblock);
    await hasOne(user, task);
  });

  it('in the middle of making it: it is there once', async () => {
    const user = await system.newUser();
    await inDatabase('CREATE TABLE gate ()');
    await inDatabase(block('LOCK TABLE gate IN ACCESS SHARE MODE;'));
    const task = await user.create(recurring('Stretch'));
    const lock = await HeldLock.take(await databaseUrlOf(system), 'LOCK TABLE gate IN ACCESS EXCLUSIVE MODE');
    expect((await complete(user, task)).status).to.equal(200);
    await lock.hasWaiters();
    await system.kill9();
    await lock.release();
    await system.start();
    await hasOne(user, task);
    await inDatabase(unblock);
  });

  it('though it does not die: what could not be made is made as soon as that is possible, and nothing newer comes', async () => {
    const user = await system.newUser();
    await inDatabase(block(`RAISE EXCEPTION 'not now';`));
    const task = await user.create(recurring('Stretch'));
    await complete(user, task);
    await until('it has been tried', async () =>
      /todo_recurrence_steps_total\{outcome="failed"\} [1-9]/.test(await system.metrics()),
    );
    await inDatabase(unblock);
    await hasOne(user, task);
  });

  it('at a moment of chance, with many on their way: each that was completed has one successor, and no other', async () => {
    const seed = newSeed();
    const random = new Seeded(seed);
    const users = await Promise.all(Array.from({ length: 10 }, () => system.newUser()));
    const tasks = await Promise.all(
      users.map((user) => user.createAll(...['A', 'B', 'C', 'D'].map((title) => recurring(title)))),
    );
    const most = random.between(5, 35);
    let done = 0;
    let killed: Promise<void> | undefined;
    const ends = users.flatMap((user, index) =>
      (tasks[index] ?? []).map(async (task) => {
        const reply = await complete(user, task).catch(() => null);
        if (reply?.status === 200 && (done += 1) === most) killed = system.kill9();
      }),
    );
    await Promise.all(ends);
    await killed;
    if (killed) await system.start();
    for (const [index, user] of users.entries()) {
      for (const task of tasks[index] ?? []) {
        const { status } = (await user.get(`/v1/tasks/${task.id}`)).task;
        if (status === 'done') await nextOf(user, task, soonMs);
        else expect((await user.get(`/v1/tasks/${occurrenceId(task.id, 2)}`)).status, `seed ${seed}`).to.equal(404);
      }
      // An open one of each title, be it the first or the second.
      expect((await user.titles('status=open')).toSorted(), `seed ${seed}`).to.deep.equal(['A', 'B', 'C', 'D']);
    }
  });
});
