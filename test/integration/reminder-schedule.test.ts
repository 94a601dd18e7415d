import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { pino } from 'pino';
import { Armed } from '../../actors/reminder-schedule/armed.js';
import { DueReminders } from '../../actors/reminder-schedule/due-reminders.js';
import { Firing } from '../../actors/reminder-schedule/firing.js';
import { ReminderSchedule } from '../../actors/reminder-schedule/reminder-schedule-actor.js';
import { ReminderSweep } from '../../actors/reminder-schedule/sweep.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { parseReminderScheduleId, reminderScheduleId } from '../../domain/reminders/schedule-id.js';
import type { TaskCommand } from '../../domain/task/commands.js';
import type { Reminder, Task } from '../../domain/task/task.js';
import { actorsOn } from '../support/gateway.js';
import { PlayedSidecar } from '../support/played-sidecar.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';

const start = Date.parse('2026-11-25T09:00:00Z');
const second = 1_000;
const hour = 3_600 * second;

describe('the reminders of a user', () => {
  let database: TestDatabase;
  let clock: number;
  let user: string;
  let events: CommittedEvent[];
  let sidecar: PlayedSidecar;
  let armed: Armed;
  let firing: Firing;
  let due: DueReminders;
  /** What timers asked for, under way. */
  let committing: Promise<unknown>[];
  let schedule: ReminderSchedule;
  const log = pino({ level: 'silent' });
  const now = (): Date => new Date(clock);

  before(async () => (database = await testDatabase()));
  after(() => database.drop());
  beforeEach(async () => {
    clock = start;
    user = `user-${randomUUID()}`;
    events = [];
    sidecar = new PlayedSidecar(now);
    armed = new Armed();
    firing = new Firing({ pool: database.pool, now, committed: (event) => events.push(event) });
    due = new DueReminders({ pool: database.pool, log, now, firing });
    committing = [];
    schedule = activate();
    await database.pool.query('DELETE FROM reminders');
  });

  /** The actor as another activation, or another host, has it. */
  function activate(): ReminderSchedule {
    const request = (): void => void committing.push(due.commitAll());
    return new ReminderSchedule({ pool: database.pool, now, sidecar, firing, due: { request }, armed }, user);
  }
  function command(taskId: string, what: TaskCommand) {
    return actorsOn(database.pool, now)(user, taskId, { command: what, actor: 'rest', idempotency: null });
  }
  const at = (time: number): Reminder => ({ at: new Date(time).toISOString().slice(0, 19) });
  async function create(...reminders: Reminder[]): Promise<Task> {
    const fields = {
      title: 'Pay rent',
      description: '',
      priority: 'none',
      tags: [],
      due_date: null,
      time_zone: 'UTC',
      recurrence: null,
      reminders,
    } as const;
    const { task } = await command(randomUUID(), { op: 'create', fields });
    if (!task) throw new Error('there is no task');
    return task;
  }
  const actor = () => sidecar.of({ id: reminderScheduleId(user) });
  const wake = () => actor().reminders.get('wake');
  /** Has the timers come that are due, in their order, and what they hand over be committed. */
  async function comeTimers(): Promise<void> {
    for (const [name, time] of [...actor().timers].sort(([, a], [, b]) => a - b)) {
      if (time > clock) continue;
      actor().timers.delete(name);
      await schedule.timer(name);
      await Promise.all(committing);
    }
  }
  /** What came due: how late. */
  const late = (): number[] =>
    events.map(({ type, detail }) => {
      expect(type).to.equal('REMINDER_DUE');
      return detail && 'late_by_seconds' in detail ? detail.late_by_seconds : NaN;
    });
  async function rows(): Promise<string[]> {
    const { rows: found } = await database.pool.query<{ row: string }>(
      `SELECT concat_ws(' ', status, late_by_seconds) AS row FROM reminders WHERE user_id = $1 ORDER BY due_at`,
      [user],
    );
    return found.map(({ row }) => row);
  }

  it('wake their actor shortly before the next one, set a timer to the second, and come due with it', async () => {
    const task = await create(at(start + 2 * hour));
    await schedule.follow();
    expect(wake()).to.deep.equal({ at: start + 2 * hour - 20 * second, everyMs: hour });
    expect(actor().timers).to.have.property('size', 0);

    clock = start + 2 * hour - 20 * second;
    await schedule.tick();
    expect([...actor().timers.values()]).to.deep.equal([start + 2 * hour]);
    expect(events).to.deep.equal([]);

    clock = start + 2 * hour;
    await comeTimers();
    const [event] = events;
    expect(event).to.include({ type: 'REMINDER_DUE', user_id: user, task_id: task.id, version: 1, actor: 'reminder' });
    expect(event?.after).to.deep.equal(task);
    expect(event?.before).to.equal(null);
    expect(event?.detail).to.deep.include({
      due_at: '2026-11-25T11:00:00.000Z',
      reminder: { at: '2026-11-25T11:00:00' },
      occurrence: null,
      late_by_seconds: 0,
    });
    expect(event?.seq).to.equal(3);
    expect(await rows()).to.deep.equal(['due 0']);
  });

  it('have their timers set anew when the clock was set, and come when it says so', async () => {
    await create(at(start + 20 * second));
    await schedule.follow();
    actor().timers.clear();
    clock = start + 10 * second;
    await schedule.follow();
    expect(actor().timers).to.have.property('size', 0);
    armed.clearAll();
    await schedule.follow();
    expect([...actor().timers.values()]).to.deep.equal([start + 20 * second]);
  });

  it('come once when the clock is set back behind them', async () => {
    await create(at(start + 20 * second), at(start + 50 * second));
    await schedule.follow();
    clock = start + 20 * second;
    await comeTimers();
    expect(late()).to.deep.equal([0]);
    clock = start + 5 * second;
    armed.clearAll();
    for (const one of [schedule, activate()]) {
      await one.follow();
      await one.tick();
    }
    clock = start + 20 * second;
    await comeTimers();
    await schedule.tick();
    expect(await rows()).to.deep.equal(['due 0', 'pending']);
    expect(late()).to.deep.equal([0]);
  });

  it('come together when they are of one moment, and each once, whoever asks and however often', async () => {
    const moment = start + 10 * second;
    await create(at(moment), { at: '2026-11-25T09:00:20' });
    await create(at(moment));
    await create(at(moment));
    await schedule.follow();
    clock = moment;
    await comeTimers();
    expect(late()).to.deep.equal([0, 0, 0]);
    expect(events.map(({ seq }) => seq)).to.deep.equal([8, 9, 10]);
    await Promise.all([schedule.follow(), activate().follow(), activate().tick(), activate().timer('due-0')]);
    await Promise.all(committing);
    expect(events).to.have.length(3);
    clock += 10 * second;
    await comeTimers();
    expect(late()).to.deep.equal([0, 0, 0, 0]);
  });

  it('do not come when the task was completed, deleted or moved before, though nobody told the actor', async () => {
    const moment = start + 10 * second;
    const completed = await create(at(moment));
    const deleted = await create(at(moment));
    const moved = await create(at(moment));
    const stays = await create(at(moment));
    await schedule.follow();
    await command(completed.id, { op: 'complete', expected_versions: null });
    await command(deleted.id, { op: 'delete', scope: 'this', expected_versions: null });
    const reminders = [at(moment + hour)];
    await command(moved.id, { op: 'update', patch: { reminders }, expected_versions: null });
    clock = moment;
    await comeTimers();
    expect(events.map(({ task_id }) => task_id)).to.deep.equal([stays.id]);
    expect((await rows()).sort()).to.deep.equal(['cancelled', 'cancelled', 'cancelled', 'due 0', 'pending']);
  });

  it('do not come when they are taken back between the look for them and the commit', async () => {
    const completed = await create(at(start + 10 * second));
    const stays = await create(at(start + 10 * second));
    const { rows: found } = await database.pool.query<{ reminder_id: string }>(
      `SELECT reminder_id FROM reminders WHERE user_id = $1`,
      [user],
    );
    await command(completed.id, { op: 'complete', expected_versions: null });
    clock = start + 10 * second;
    const ids = found.map(({ reminder_id }) => reminder_id);
    await Promise.all([firing.fire(user, ids), firing.fire(user, ids)]);
    expect(events.map(({ task_id }) => task_id)).to.deep.equal([stays.id]);
    expect((await rows()).sort()).to.deep.equal(['cancelled', 'due 0']);
  });

  it('that were due while everything was down come once, with how late they are', async () => {
    await create(at(start + 60 * second), at(start + 90 * second), at(start + hour));
    clock = start + 100 * second;
    schedule = activate();
    await schedule.tick();
    expect(late()).to.deep.equal([40, 10]);
    await schedule.tick();
    await activate().follow();
    expect(events).to.have.length(2);
  });

  it('are planned anew by another activation, which knows of no timer', async () => {
    await create(at(start + 10 * second));
    await schedule.follow();
    expect(actor().timers.size).to.equal(1);
    actor().timers.clear();
    schedule.disarm();
    schedule = activate();
    await schedule.follow();
    expect(actor().timers.size).to.equal(1);
  });

  it('come at the tick of a timer of an activation that has just been made', async () => {
    await create(at(start + 2 * hour), at(start + 2 * hour + 10 * second));
    await schedule.follow();
    clock = start + 2 * hour;
    schedule = activate();
    await schedule.timer(`due-${clock}`);
    await Promise.all(committing);
    expect(late()).to.deep.equal([0]);
    expect([...actor().timers.values()]).to.deep.equal([clock + 10 * second]);
  });

  it('come at the first timer of their moment, whosever it is: Dapr calls timers one after the other', async () => {
    const moment = start + 10 * second;
    await create(at(moment));
    await schedule.follow();
    const other = schedule;
    user = `user-${randomUUID()}`;
    await create(at(moment), at(moment + second));
    schedule = activate();
    await schedule.follow();
    clock = moment;
    await other.timer(`due-${moment}`);
    await Promise.all(committing);
    expect(events).to.have.length(2);
    await schedule.timer(`due-${moment}`);
    await Promise.all(committing);
    expect(events).to.have.length(2);
    expect([...actor().timers.values()]).to.deep.equal([moment, moment + second]);
  });

  it('are waited for again by a timer that comes before its time', async () => {
    const moment = start + 10 * second;
    await create(at(moment));
    await schedule.follow();
    clock = moment - 3;
    actor().timers.clear();
    await schedule.timer(`due-${moment}`);
    expect([...actor().timers.values()]).to.deep.equal([moment]);
    clock = moment;
    await comeTimers();
    expect(late()).to.deep.equal([0]);
  });

  it('cost Dapr nothing while what they have does: a later one, a change elsewhere, one that is cancelled', async () => {
    const task = await create(at(start + 2 * hour));
    await schedule.follow();
    const { setReminder } = sidecar.asked;
    await create(at(start + 3 * hour));
    await schedule.follow();
    await command(task.id, { op: 'complete', expected_versions: null });
    await schedule.follow();
    expect(sidecar.asked.setReminder).to.equal(setReminder);
    const { writeState } = sidecar.asked;
    await schedule.follow();
    await activate().follow();
    expect(sidecar.asked.writeState).to.equal(writeState);
  });

  it('leave Dapr nothing when none is pending: at the next tick its reminder and the state are gone', async () => {
    const task = await create(at(start + 2 * hour));
    await schedule.follow();
    await command(task.id, { op: 'delete', scope: 'this', expected_versions: null });
    await schedule.follow();
    clock = start + 2 * hour - 20 * second;
    await schedule.tick();
    expect(wake()).to.equal(undefined);
    expect(actor().state.size).to.equal(0);
  });

  it('aim the tick further when the next one is far', async () => {
    const near = start + 2 * hour;
    const far = start + 300 * hour;
    await create(at(near), at(far));
    await schedule.follow();
    clock = near;
    await schedule.follow();
    expect(wake()?.at).to.equal(near - 20 * second);
    clock = near - 20 * second + hour;
    await schedule.tick();
    expect(wake()?.at).to.equal(far - 20 * second);
  });

  it('aim the tick anew when it comes before its time: Dapr did not hear of it', async () => {
    await create(at(start + 2 * hour));
    await schedule.follow();
    clock = start + hour;
    actor().reminders.clear();
    await activate().tick();
    expect(wake()?.at).to.equal(start + 2 * hour - 20 * second);
  });

  it('have a small state whatever the user has, and the rest is found when it is its turn', async function () {
    this.timeout(30_000);
    const many = Array.from({ length: 13 }, (_, task) =>
      Array.from({ length: 20 }, (_, index) => at(start + (60 + task * 20 + index) * second)),
    );
    for (const reminders of many) await create(...reminders);
    await schedule.follow();
    const state = JSON.stringify(actor().state.get('schedule'));
    expect(state.length).to.be.below(10_000);
    for (clock = start; clock < start + 330 * second; clock += second) {
      const { at: tick = Infinity } = wake() ?? {};
      if (clock === tick) await schedule.tick();
      await comeTimers();
    }
    expect(late()).to.deep.equal(Array.from({ length: 260 }, () => 0));
  });

  it('all come, many at once and all late, in turns that end', async () => {
    for (let task = 0; task < 13; task += 1) {
      await create(...Array.from({ length: 20 }, (_, index) => at(start + (60 + index) * second)));
    }
    clock = start + hour;
    await schedule.tick();
    expect(events).to.have.length(260);
    expect(events.map(({ seq }) => seq)).to.deep.equal(Array.from({ length: 260 }, (_, index) => 274 + index));
  });

  it('are neither lost nor repeated by a clock that is set forward or back', async () => {
    await create(at(start + hour), at(start + 3 * hour));
    await schedule.follow();
    clock = start + 2 * hour;
    await schedule.follow();
    expect(late()).to.deep.equal([3600]);
    clock = start + 30 * 60 * second;
    await schedule.follow();
    await schedule.tick();
    expect(events).to.have.length(1);
    clock = start + 3 * hour - 20 * second;
    await schedule.tick();
    clock = start + 3 * hour;
    await comeTimers();
    expect(late()).to.deep.equal([3600, 0]);
  });

  it('are tried again after a failure of the sidecar or the state, from what is really there', async () => {
    await create(at(start + 2 * hour));
    for (const what of ['readState', 'setReminder', 'writeState'] as const) {
      sidecar.failing.add(what);
      expect(await schedule.follow().catch((error: unknown) => String(error)), what).to.equal(`Error: ${what} failed`);
      sidecar.failing.clear();
    }
    const { readState } = sidecar.asked;
    await schedule.follow();
    // Nobody knows whether what failed was done.
    expect(sidecar.asked.readState).to.equal(readState + 1);
    expect(wake()?.at).to.equal(start + 2 * hour - 20 * second);
    expect(actor().state.get('schedule')).to.deep.include({ wake: start + 2 * hour - 20 * second });
  });

  it('of many users, among them one whose reminder is taken back meanwhile, are committed together', async () => {
    const users = Array.from({ length: 50 }, () => `user-${randomUUID()}`);
    const schedules: ReminderSchedule[] = [];
    for (user of users) {
      await create(at(start + 10 * second));
      const one = activate();
      await one.follow();
      schedules.push(one);
    }
    clock = start + 12 * second;
    const { rows: own } = await database.pool.query<{ task_id: string }>(
      `SELECT task_id FROM reminders WHERE user_id = $1`,
      [user],
    );
    await Promise.all([
      ...schedules.map((one) => one.timer(`due-${start + 10 * second}`)),
      command(own[0]?.task_id ?? '', { op: 'complete', expected_versions: null }),
    ]);
    await Promise.all(committing);
    const states = await database.pool.query<{ status: string; count: number }>(
      `SELECT status, count(*) FROM reminders WHERE user_id = ANY ($1) GROUP BY 1 ORDER BY 1 DESC`,
      [users],
    );
    const count = Object.fromEntries(states.rows.map((row) => [row.status, row.count]));
    expect(count['due']).to.equal(events.length);
    expect((count['due'] ?? 0) + (count['cancelled'] ?? 0)).to.equal(50);
    const gaps = await database.pool.query(
      `SELECT user_id FROM events WHERE user_id = ANY ($1) GROUP BY user_id
       HAVING count(*) <> max(seq) OR max(seq) <> (SELECT seq FROM users u WHERE u.user_id = events.user_id)`,
      [users],
    );
    expect(gaps.rows).to.deep.equal([]);
  });

  describe('that nobody looks after', () => {
    let called: string[];
    let refuses: string | undefined;
    beforeEach(() => {
      called = [];
      refuses = undefined;
    });

    /** Sweeps once, to the end. */
    async function sweep(): Promise<void> {
      let ended = false;
      const actors = {
        async call({ id }: { id: string }) {
          const userId = parseReminderScheduleId(id) ?? '';
          called.push(userId);
          if (userId === refuses) throw new Error('it refuses');
          user = userId;
          await activate().follow();
          return {};
        },
      };
      const pool = new Proxy(database.pool, {
        get: (target, key, receiver) => {
          if (key === 'connect') {
            return async () => {
              const client = await target.connect();
              const release = client.release.bind(client);
              client.release = (broken) => {
                ended = true;
                client.release = release;
                release(broken);
              };
              return client;
            };
          }
          const value: unknown = Reflect.get(target, key, receiver);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
      const request = (): void => void committing.push(due.commitAll());
      const sweeper = new ReminderSweep({ pool, log, now, actors, armed, due: { request } });
      sweeper.request();
      await until('the sweep is over', () => ended);
      await sweeper.stop();
      await Promise.all(committing);
    }

    it('are committed when they are due, of any number of users, and nobody is asked', async () => {
      for (let count = 0; count < 5; count += 1) {
        user = `user-${randomUUID()}`;
        await create(at(start + 10 * second), at(start + 12 * second), at(start + hour));
      }
      clock = start + 20 * second;
      await sweep();
      expect(late().sort()).to.deep.equal([10, 10, 10, 10, 10, 8, 8, 8, 8, 8]);
      await sweep();
      expect(events).to.have.length(10);
      expect(called).to.deep.equal([]);
    });

    it('are tried again when an actor refuses, and others meanwhile', async () => {
      const users = ['one', 'two', 'three'].map((name) => `${name}-${randomUUID()}`);
      for (user of users) await create(at(start + 10 * second));
      [refuses] = users;
      await sweep();
      expect(called.sort()).to.deep.equal([...users].sort());
      refuses = undefined;
      called = [];
      await sweep();
      expect(called).to.deep.equal(users.slice(0, 1));
    });

    it('are found before they come, when no timer is set; one whose timer is set is left to it', async () => {
      await create(at(start + 10 * second));
      await schedule.follow();
      await sweep();
      expect(called).to.deep.equal([]);
      schedule.disarm();
      const forgotten = user;
      await sweep();
      expect(called).to.deep.equal([forgotten]);
      expect(actor().timers.size).to.equal(1);
    });

    it('are left alone while they are far', async () => {
      await create(at(start + hour));
      await sweep();
      expect(called).to.deep.equal([]);
    });
  });
});
