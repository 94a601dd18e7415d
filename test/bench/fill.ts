import type { Pool } from 'pg';
import { parseNewTask } from '../../domain/task/parse-fields.js';
import { newTaskId } from '../../gateway/task-id.js';
import { PlainCommands } from './plain/commands.js';
import { someTask } from './some-tasks.js';

/** A task that was made. */
export interface MadeTask {
  /** Index among the users. */
  readonly user: number;
  readonly id: string;
}

const writers = 4;
const tasksOfTransaction = 250;

/**
 * Makes open tasks before anything is measured, by the plain implementation's own statements, many to a transaction: the
 * same rows as those of tasks that came over REST.
 * @returns them in turn of the users: the first of each user, then the second
 */
export async function fill(pool: Pool, users: readonly string[], tasksOfUser: number): Promise<MadeTask[]> {
  const commands = new PlainCommands(pool);
  const made: MadeTask[] = [];
  const waiting = [...users.keys()];
  const write = async (): Promise<void> => {
    for (let user = waiting.shift(); user !== undefined; user = waiting.shift()) {
      const userId = users[user] ?? '';
      for (let start = 0; start < tasksOfUser; start += tasksOfTransaction) {
        const client = await pool.connect();
        try {
          await client.query('BEGIN');
          for (let place = start; place < Math.min(start + tasksOfTransaction, tasksOfUser); place += 1) {
            const number = place * users.length + user;
            const id = newTaskId();
            const fields = parseNewTask(someTask(number));
            await commands.execute(client, userId, id, {
              command: { op: 'create', fields },
              actor: 'rest',
              idempotency: null,
            });
            made[number] = { user, id };
          }
          await client.query('COMMIT');
        } finally {
          client.release();
        }
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return made;
}
