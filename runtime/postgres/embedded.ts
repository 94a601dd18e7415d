import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { ChildFailedError } from '../processes/supervisor.js';
import type { Child, Supervisor } from '../supervision.js';
import { platformPackage, postgresBinaries } from './binaries.js';
import { clusterFolder, folderArgument, openCluster } from './cluster.js';
import { endLeftovers } from './leftovers.js';
import { serverUser } from './server-user.js';

export interface EmbeddedPostgresOptions {
  /** Locked for this process. The cluster is its folder `postgres`. */
  readonly dataDir: string;
  readonly supervisor: Supervisor;
  readonly log: Logger;
  /** Gives up a first start that is still making the cluster. */
  readonly signal?: AbortSignal;
  /** More settings of the server, over the ones here. Tests alone may turn fsync off. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** `postgresql://…@127.0.0.1:port/postgres`, the same over restarts of the server. */
  readonly url: string;
  readonly child: Child;
}

/**
 * For a machine that runs other things too. What is committed is on the disk: fsync, full_page_writes and
 * synchronous_commit keep their default, which is on; they are named so that nobody has to look that up.
 */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  // Each process of the split shape may open forty, and PostgreSQL refuses what is beyond it.
  max_connections: '400',
  shared_buffers: '128MB',
  wal_compression: 'on',
  // Checkpoints are spread over minutes, so that commits do not wait behind them.
  checkpoint_timeout: '15min',
  max_wal_size: '1GB',
  // Statements here are short: compiling or spreading them costs more than it gains.
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  max_logical_replication_workers: '0',
  // What a killed client was still waiting for ends with it.
  client_connection_check_interval: '2s',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/**
 * Starts PostgreSQL in DATA_DIR under the supervisor, with a new cluster on first use, and resolves when it answers.
 * @throws PostgresUnavailableError when this machine has none that runs, or the data is another version's
 * @throws ChildFailedError with the server's last lines when it does not start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { supervisor, log, signal } = options;
  const dataDir = await realpath(options.dataDir);
  const user = await serverUser(clusterFolder(dataDir));
  const binaries = await postgresBinaries(await platformPackage(), user, log);
  const { folder, password } = await openCluster({ dataDir, binaries, user, signal, log });

  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
    const all = { ...settings, ...options.settings, port: String(port) };
    try {
      const child = await supervisor.start({
        name: 'postgres',
        command: join(binaries, 'bin', 'postgres'),
        args: [
          '-D',
          folderArgument(folder, user),
          ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
        ],
        env: { LC_ALL: 'C' },
        cwd: folder,
        ...user,
        stopSignal: 'SIGINT',
        stopTimeoutMs: 5_000,
        beforeStart: () => endLeftovers(folder, log),
        ready: (ended) => answers(url, ended),
      });
      return { url, child };
    } catch (error) {
      // Somebody else took the port in between.
      const isPortTaken =
        error instanceof ChildFailedError && error.lastLines.some((line) => line.includes('could not bind'));
      if (!isPortTaken || attempt === 5) throw error;
    }
  }
}

/** Resolves when the server takes connections, however long its recovery takes. */
async function answers(url: string, ended: AbortSignal): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined); // the connection broke: the next one tells
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      ended.throwIfAborted();
      if (!isStartingUp(error)) throw error;
      await sleep(20);
    }
  }
}

/** Not listening yet, or 57P03 cannot_connect_now. */
function isStartingUp(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ECONNRESET', '57P03'].includes(String(error.code))
  );
}

/**
 * A port that is free on the loopback address, from below those that systems give to outgoing connections: none of these
 * can take it while the server is down for a moment.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const probe = createServer().listen(port, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    probe.close();
    if (isFree) return port;
  }
}
