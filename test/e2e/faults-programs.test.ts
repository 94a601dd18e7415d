import { expect } from 'chai';
import pg from 'pg';
import { startTestSystem, startTimeoutMs, type ChildName, type TestSystem } from '../support/system.js';
import { databaseUrlOf, isReady, underLoad } from '../support/trial.js';
import { until } from '../support/until.js';

describe('a program of the system dies under load', function () {
  this.timeout(120_000);
  let system: TestSystem;
  before(async function () {
    this.timeout(startTimeoutMs);
    system = await startTestSystem();
  });
  after(() => system.remove());

  const killAndWait = async (name: ChildName): Promise<void> => {
    const pid = system.childPids()[name];
    if (pid === undefined) throw new Error(`${name} is not running`);
    process.kill(pid, 'SIGKILL');
    await until(`readiness tells that ${name} is down`, async () => !(await isReady(system)));
    await until('readiness tells that all is well again', () => isReady(system), 60_000);
    expect(system.childPids()[name]).to.be.a('number').not.equal(pid);
  };

  for (const name of ['daprd', 'placement', 'scheduler', 'postgres'] as const) {
    it(`${name}: it is started again, readiness tells, and no command is lost or done twice`, async () => {
      await underLoad(system, `kill -9 of ${name}`, () => killAndWait(name));
    });
  }

  it('one connection of PostgreSQL: all of them break, PostgreSQL recovers by itself, and no command is lost or done twice', async () => {
    await underLoad(system, 'kill -9 of a backend', async () => {
      const database = new pg.Client({ connectionString: await databaseUrlOf(system) });
      database.on('error', () => undefined);
      await database.connect();
      const { rows } = await database.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'todo-chatbot' AND state = 'active' LIMIT 1`,
      );
      const pid =
        rows[0]?.pid ?? (await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
      process.kill(Number(pid), 'SIGKILL');
      await until('PostgreSQL takes connections again', () => isReady(system), 30_000);
    });
  });

  it('postgres: meanwhile every read that cannot be had is answered 503 with Retry-After, and none otherwise', async () => {
    const user = await system.newUser();
    const task = await user.create({ title: 'Read me' });
    const paths = [`/v1/tasks/${task.id}`, '/v1/tasks', '/v1/changes', '/v1/audit', '/v1/me'];
    const refused = new Set<string>();
    process.kill(Number(system.childPids().postgres), 'SIGKILL');
    const readAll = () =>
      Promise.all(
        paths.map(async (path) => {
          const reply = await user.get(path);
          if (reply.status === 200) return;
          expect(reply.refusal, path).to.equal('503 unavailable');
          expect(reply.header('retry-after'), path).to.match(/^\d+$/);
          refused.add(path);
        }),
      );
    await until('each of them has been refused', async () => {
      await readAll();
      return refused.size === paths.length;
    });
    await until('readiness tells that all is well again', () => isReady(system), 60_000);
    await readAll();
  });
});
