import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../runtime/package-root.js';
import { startGuarded } from '../../runtime/processes/guarded-process.js';
import type { SecondHostSettings } from './second-host-settings.js';
import { signalAll } from './signal-all.js';
import { descendantsOf, type TestSystem } from './system.js';
import { databaseUrlOf } from './trial.js';

/** A process that hosts actors of a running system beside it, under the same app id, with a sidecar of its own. */
export interface SecondHost {
  readonly pid: number;
  readonly lines: readonly string[];
  /** Turns that it has carried out so far. */
  readonly turns: number;
  /** Its sidecar and whatever else runs below it. */
  descendants(): number[];
  /** Lets its work end; resolves when nothing is left of it. */
  leave(): Promise<void>;
  /** `kill -9` of it and all below it at once. */
  kill9(): Promise<void>;
}

let started = 0;

/** Starts one; resolves when actors may be placed on it. */
export async function startSecondHost(system: TestSystem): Promise<SecondHost> {
  const { daprd } = system.childPids();
  if (daprd === undefined) throw new Error('the first host has no sidecar now');
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(daprd)], { encoding: 'utf8' });
  const port = (flag: string): number => Number(new RegExp(`--${flag}-host-address \\S+:(\\d+)`).exec(stdout)?.[1]);
  const settings: SecondHostSettings = {
    name: `daprd-second-${++started}`,
    databaseUrl: await databaseUrlOf(system),
    kafkaBrokers: system.kafkaBrokers,
    servers: {
      folder: join(system.dataDir, 'run', 'dapr'),
      placement: port('placement'),
      scheduler: port('scheduler'),
    },
    programs: dirname(stdout.split(' ')[0] ?? ''),
    logLevel: 'info',
  };

  const lines: string[] = [];
  let turns = 0;
  let isJoined: () => void = () => undefined;
  const joined = new Promise<void>((resolve) => (isJoined = resolve));
  const host = await startGuarded({
    command: process.execPath,
    args: [join(packageRoot, 'dist/test/support/second-host-main.js')],
    env: { PATH: process.env['PATH'] ?? '', SECOND_HOST: JSON.stringify(settings) },
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
    onLine(line) {
      const [, count] = /^turns (\d+)$/.exec(line) ?? [];
      if (count !== undefined) turns = Number(count);
      else lines.push(line);
      if (line === 'joined') isJoined();
    },
  });
  const ended = host.gone.then((exit) => {
    throw new Error(`the second host ended (${JSON.stringify(exit)}):\n${lines.join('\n')}`);
  });
  ended.catch(() => undefined);
  await Promise.race([joined, ended]);
  return {
    pid: host.pid,
    lines,
    get turns() {
      return turns;
    },
    descendants: () => descendantsOf(host.pid),
    async leave() {
      await host.stop();
    },
    async kill9() {
      signalAll(descendantsOf(host.pid), 'SIGKILL');
      host.kill();
      await host.gone;
    },
  };
}
