import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { CommittedEvent } from '../../domain/events/event.js';
import { taskTopics, type Topic } from '../../domain/events/topics.js';
import { packageRoot } from '../../runtime/package-root.js';
import type { TestDatabase } from './postgres.js';

/** A log that several processes append to, as a topic is: a table. */
export const logTable = {
  async make(pool: Pool): Promise<void> {
    await pool.query('CREATE TABLE topic_log (place bigserial PRIMARY KEY, source text, user_id text, seq bigint)');
  },
  /** Appends what goes to the first topic. */
  async append(pool: Pool, source: string, topic: Topic, events: readonly CommittedEvent[]): Promise<void> {
    if (topic !== taskTopics[0]) return;
    await pool.query(
      'INSERT INTO topic_log (source, user_id, seq) SELECT $1, * FROM unnest($2::text[], $3::bigint[])',
      [source, events.map((event) => event.user_id), events.map((event) => event.seq)],
    );
  },
  async sources(pool: Pool): Promise<string[]> {
    const { rows } = await pool.query<{ source: string }>('SELECT DISTINCT source FROM topic_log');
    return rows.map(({ source }) => source);
  },
  /** Each event once, in the order of their first places. */
  async firstPlaces(pool: Pool): Promise<{ user_id: string; seq: number }[]> {
    const { rows } = await pool.query<{ user_id: string; seq: number }>(
      'SELECT user_id, seq FROM topic_log GROUP BY user_id, seq ORDER BY min(place)',
    );
    return rows;
  },
};

/** A relay in a process of its own, which can be stopped and go on. */
export interface StoppableRelay {
  readonly process: ChildProcess;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  kill(): void;
}

/** Starts one that appends to the {@link logTable} of a database; resolves when it leads lanes. */
export async function startStandingStill(database: TestDatabase): Promise<StoppableRelay> {
  await logTable.make(database.pool);
  const main = join(packageRoot, 'dist/test/support/stoppable-relay-main.js');
  const child = spawn(process.execPath, [main, database.url], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) if (line === 'leads') break;
  return {
    process: child,
    signal: (signal) => void child.kill(signal),
    kill: () => void child.kill('SIGKILL'),
  };
}
