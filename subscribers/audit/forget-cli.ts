import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openOwnKey } from '../../runtime/auth/own-key.js';
import { readConfig } from '../../runtime/config.js';
import { OperatorError } from '../../runtime/operator-error.js';
import { migrate } from '../../runtime/postgres/migrate.js';
import { createPool } from '../../runtime/postgres/pool.js';
import { reachDatabase } from '../../runtime/postgres/reach.js';
import { remember } from './checkpoints/witness.js';
import { readUser, runCommand } from './command.js';
import { forgetUser, type Forgetting } from './forget-user.js';

const usage = 'usage: npm run forget -- --user alice';
const statementTimeoutMs = 3_600_000;
/** What is on its way into the log is waited for so long. */
const patienceMs = 30_000;
const lookAgainMs = 200;

/** Forgets a user: what was deleted on stdout and exit code 0; what keeps it from that on stderr, with exit code 2. */
async function main(): Promise<void> {
  const userId = readUser(process.argv.slice(2), usage);
  if (!userId) throw new OperatorError(`--user is missing\n${usage}`);
  const config = readConfig(process.env, []);
  const log = pino({ level: 'warn' }, pino.destination(2));
  const database = await reachDatabase(config, log);
  const pool = createPool(database.url, { max: 1, applicationName: 'forget', log, statementTimeoutMs });
  try {
    await migrate(database.url, log);
    const key = await openOwnKey(config.dataDir, 'audit');
    const deadline = performance.now() + (database.isAlone ? 0 : patienceMs);
    let forgetting = await forgetUser(pool, key, userId);
    while (forgetting.outcome === 'not yet' && performance.now() < deadline) {
      await sleep(lookAgainMs);
      forgetting = await forgetUser(pool, key, userId);
    }
    if (forgetting.outcome === 'forgotten') await remember(config.dataDir, forgetting.checkpoint);
    process.stdout.write(`${sentence(userId, forgetting)}\n`);
  } finally {
    await pool.end();
    await database.close();
  }
}

function sentence(userId: string, forgetting: Forgetting): string {
  switch (forgetting.outcome) {
    case 'unknown':
      return `nothing is known of ${userId}`;
    case 'forgotten': {
      const { seq, rows } = forgetting;
      const { tasks, events, tombstones, keys } = rows;
      const key = keys > 0 ? 'its key is destroyed' : 'it had no key';
      return (
        `${userId} is forgotten: ${tasks} tasks, ${events + tombstones} events, ` +
        `${rows['idempotency keys']} idempotency keys and the settings are deleted. ` +
        `What the ${seq} entries of the log hold cannot be read any more: ${key}`
      );
    }
    case 'not yet': {
      const { seq, logged, published } = forgetting;
      throw new OperatorError(
        `${userId} has ${seq} events, of which ${published} are published and ${logged} in the log. ` +
          'Nothing was deleted. Start the program, wait until it has caught up, and try again',
      );
    }
  }
}

await runCommand(main);
