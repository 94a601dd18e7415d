import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { TodoError } from '../../domain/errors.js';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import type { Dapr } from '../../runtime/role.js';
import { inParallel } from '../in-parallel.js';
import { oneAtATime } from '../one-at-a-time.js';
import { noteReopened, rezoned, tasksToRezone, usersToRezone, type ZoneChange } from './sql.js';

/** Of how many users at once, and how many tasks of each. */
const atOnce = { users: 4, tasks: 8 };
const pageSize = 200;

export interface RezonerParts {
  readonly pool: Pool;
  readonly log: Logger;
  readonly command: Dapr['command'];
}

/**
 * Tells the tasks that go by their user's own zone of a zone that the user has changed: by a command to each, so that it is
 * an event like others and the reminders follow. Which tasks are left is found by a query, so a crash in between loses
 * nothing, and what has been told is not told again.
 */
export class Rezoner {
  private readonly task: RepeatedTask;

  constructor(private readonly parts: RezonerParts) {
    this.task = new RepeatedTask('telling tasks of a new zone', parts.log, async () => {
      // Whoever is at it in another process looks for users until there are none.
      await oneAtATime(parts.pool, 'rezone', () => this.rezoneAll());
    });
  }

  /** Looks for users whose zone was changed, now or when it has done so already. */
  request(): void {
    this.task.request();
  }

  /** Takes note that a task is open again: what is done is not told of new zones, and may have missed some. */
  async reopened(userId: string, taskId: string): Promise<void> {
    try {
      const noted = await noteReopened(this.parts.pool, [userId, taskId]);
      if (noted.length > 0) this.request();
    } catch (err) {
      this.parts.log.warn({ err }, 'a task that is open again may go by an earlier zone of its user');
    }
  }

  stop(): Promise<void> {
    return this.task.stop();
  }

  private async rezoneAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let after = { since: '-infinity', user_id: '' }; ;) {
      const users = await usersToRezone(this.parts.pool, [after.since, after.user_id, pageSize]);
      failures.push(...(await inParallel(users, atOnce.users, (user) => this.rezone(user))));
      const last = users.at(-1);
      if (!last || users.length < pageSize) break;
      after = last;
    }
    if (failures.length > 0) throw failures[0];
  }

  private async rezone({ user_id, time_zone, since }: ZoneChange): Promise<void> {
    const { pool } = this.parts;
    for (let after = { created_at: '-infinity', id: '00000000-0000-0000-0000-000000000000' }; ;) {
      const tasks = await tasksToRezone(pool, [user_id, time_zone, after.created_at, after.id, pageSize]);
      const failures = await inParallel(tasks, atOnce.tasks, ({ id }) => this.tell(user_id, id));
      if (failures.length > 0) throw failures[0];
      const last = tasks.at(-1);
      if (!last || tasks.length < pageSize) break;
      after = last;
    }
    await rezoned(pool, [user_id, since]);
  }

  private async tell(userId: string, taskId: string): Promise<void> {
    try {
      await this.parts.command(userId, taskId, { command: { op: 'rezone' }, actor: 'rest', idempotency: null });
    } catch (error) {
      // It was deleted meanwhile.
      if (!(error instanceof TodoError && error.code === 'not_found')) throw error;
    }
  }
}
