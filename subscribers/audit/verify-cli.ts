import { pino } from 'pino';
import { findOwnKey } from '../../runtime/auth/own-key.js';
import { readConfig, readLogLevel } from '../../runtime/config.js';
import { OperatorError } from '../../runtime/operator-error.js';
import { createPool } from '../../runtime/postgres/pool.js';
import { reachDatabase } from '../../runtime/postgres/reach.js';
import { createProgress } from '../../runtime/progress.js';
import { asKeeper } from './access.js';
import { recall } from './checkpoints/witness.js';
import { readUser, runCommand } from './command.js';
import { estimateEntries, hasAuditTables } from './sql/estimate-entries.js';
import type { Fault } from './verify/chain-check.js';
import { verifyEnds } from './verify/find-ends.js';
import { mostFaults, verifyLog } from './verify/verify-log.js';

const usage = 'usage: npm run audit:verify [-- --user alice]';
/** The command may take as long as it takes. */
const statementTimeoutMs = 24 * 3_600_000;
/** An event that is younger may be on its way into the log. */
const graceMs = 5_000;

/**
 * Walks the audit log. stdout: the first broken entry of each user and exit code 1, or one line and 0. What keeps it from
 * checking goes to stderr, with exit code 2.
 */
async function main(): Promise<void> {
  const userId = readUser(process.argv.slice(2), usage);
  const config = readConfig(process.env, []);
  const log = pino(
    { level: readLogLevel({ LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn' }) ?? 'warn' },
    pino.destination(2),
  );
  const database = await reachDatabase(config, log);
  const pool = createPool(database.url, { max: 1, applicationName: 'audit:verify', log, statementTimeoutMs });
  const step = process.stderr.isTTY ? createProgress(process.stderr).step('the audit log') : undefined;
  try {
    if (!(await hasAuditTables(pool))) {
      throw new OperatorError(
        'the database is older than this program: start the program once, it brings it up to date',
      );
    }
    const key = await findOwnKey(config.dataDir, 'audit');
    // Before the database is looked at: a checkpoint may be signed meanwhile.
    const witness = await recall(config.dataDir);
    const total = await estimateEntries(pool, userId);
    const { faults, ...seen } = await asKeeper(pool, 'ISOLATION LEVEL REPEATABLE READ READ ONLY', (on) =>
      verifyLog(on, {
        userId,
        key,
        witness,
        progress: (entries) => step?.update(`${entries} entries`, total === 0 ? 1 : entries / total),
      }),
    );
    const ends = await verifyEnds((work) => asKeeper(pool, 'READ ONLY', work), userId, database.isAlone ? 0 : graceMs);
    const known = new Set(faults.map((fault) => fault.userId));
    const all = [...faults, ...ends.filter((fault) => !known.has(fault.userId))];
    if (all.length > 0) {
      step?.fail(`${all.length} broken`);
      process.stdout.write(all.slice(0, mostFaults).map(line).join(''));
      if (all.length >= mostFaults) process.stdout.write('and perhaps more\n');
      process.exitCode = 1;
    } else {
      step?.done();
      process.stdout.write(`whole: ${seen.entries} entries of ${seen.users} users, ${seen.checkpoints} checkpoints\n`);
    }
  } finally {
    await pool.end();
    await database.close();
  }
}

function line({ userId, seq, what }: Fault): string {
  return userId === null ? `broken: ${what}\n` : `broken: user ${userId}, entry ${seq ?? ''}: ${what}\n`;
}

await runCommand(main);
