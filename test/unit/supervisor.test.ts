import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { startGuarded } from '../../runtime/processes/guarded-process.js';
import {
  ChildFailedError,
  createSupervisor,
  type ProcessSupervisor,
  type SupervisorOptions,
} from '../../runtime/processes/supervisor.js';
import { RestartPlan } from '../../runtime/processes/restart-plan.js';
import type { ChildSpec } from '../../runtime/supervision.js';
import { isRunning, runScript, type Script } from '../support/script.js';
import { until } from '../support/until.js';

const log = pino({ level: 'silent' });
const env = { PATH: process.env.PATH ?? '' };

/** A child that runs a shell script and is ready at once. */
const shell = (script: string, more: Partial<ChildSpec> = {}): ChildSpec => ({
  name: 'sample',
  command: '/bin/sh',
  args: ['-c', script],
  env,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 2_000,
  ready: () => Promise.resolve(),
  ...more,
});

const supervisors: ProcessSupervisor[] = [];
const supervisorWith = (options: Partial<SupervisorOptions> = {}) => {
  const supervisor = createSupervisor({
    log,
    onFatal(error) {
      throw error;
    },
    ...options,
  });
  supervisors.push(supervisor);
  return supervisor;
};
const scripts: Script[] = [];
const script = (code: string): Script => {
  const started = runScript(code);
  scripts.push(started);
  return started;
};
afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) await supervisor.stop();
  for (const { process } of scripts.splice(0)) process.kill('SIGKILL');
});

/** The processes whose parent is `parent`, with their command lines. */
const childrenOf = (parent: number): { pid: number; command: string }[] =>
  execFileSync('ps', ['-e', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [, pid, ppid, state, command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
      return Number(ppid) === parent && !state?.startsWith('Z') ? [{ pid: Number(pid), command }] : [];
    });

/** The one process that ends the children of `parent` after it. */
const guardOf = (parent: number): number | undefined =>
  childrenOf(parent).find(({ command }) => command.startsWith('/bin/sh -c') && !command.includes('launch'))?.pid;

/** Kills the guard of `parent` and waits for the next one. */
const killGuardOf = async (parent: number): Promise<void> => {
  const first = guardOf(parent);
  if (first === undefined) throw new Error(`process ${parent} has no guard`);
  process.kill(first, 'SIGKILL');
  await until('there is another guard', () => ![undefined, first].includes(guardOf(parent)));
};

const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not reject');
};

describe('A supervised child', () => {
  it('is known by the process id of the program itself, which is in a session of its own', async () => {
    const supervisor = supervisorWith();
    const child = await supervisor.start(shell('exec sleep 60'));
    const pid = child.pid ?? 0;
    const about = execFileSync('ps', ['-o', 'sess=,args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    expect(about).to.match(new RegExp(`^${pid}\\s+sleep 60$`));
    await supervisor.stop();
  });

  it('gets its environment and nothing of ours', async () => {
    const lines: string[] = [];
    const process = await startGuarded({ ...shell('env'), env: { ONLY: 'this' }, onLine: (line) => lines.push(line) });
    await process.gone;
    expect(lines).to.include('ONLY=this');
    expect(lines.filter((line) => /^(HOME|USER|npm_)/.test(line))).to.deep.equal([]);
  });

  it('passes its exit code and the signal that ended it through', async () => {
    const withCode = await startGuarded({ ...shell('exit 7'), onLine: () => undefined });
    expect(await withCode.gone).to.deep.equal({ code: 7, signal: null });
    const bySignal = await startGuarded({ ...shell('kill -SEGV $$'), onLine: () => undefined });
    expect(await bySignal.gone).to.deep.equal({ code: null, signal: 'SIGSEGV' });
  });

  it('is asked to stop by its own signal, and neither it nor its guard is left', async () => {
    const lines: string[] = [];
    const script = `trap 'echo interrupted; exit 0' INT; echo up; while :; do sleep 0.05; done`;
    const program = await startGuarded({ ...shell(script), stopSignal: 'SIGINT', onLine: (line) => lines.push(line) });
    await until('it is up', () => lines.includes('up'));
    expect(await program.stop()).to.deep.equal({ code: 0, signal: null });
    expect(lines).to.include('interrupted');
    expect(childrenOf(process.pid).filter(({ command }) => !command.startsWith('ps '))).to.deep.equal([]);
  });

  it('that does not stop when asked is killed', async () => {
    const lines: string[] = [];
    const script = `trap '' TERM QUIT; echo up; while :; do sleep 0.05; done`;
    const process = await startGuarded({ ...shell(script), stopTimeoutMs: 50, onLine: (line) => lines.push(line) });
    await until('it is up', () => lines.includes('up'));
    expect(await process.stop()).to.deep.equal({ code: null, signal: 'SIGKILL' });
  });

  it('takes what it started in its process group along when it dies', async () => {
    const lines: string[] = [];
    const process = await startGuarded({
      ...shell('sleep 60 & echo $!; kill -9 $$'),
      onLine: (line) => lines.push(line),
    });
    await process.gone;
    expect(isRunning(Number(lines[0]))).to.equal(false);
  });

  it('is started again after it died, and tells when it is not ready meanwhile', async () => {
    const changes: boolean[] = [];
    const supervisor = supervisorWith({
      onChange: (changed) => changes.push(changed.isReady),
      policy: { firstDelayMs: 10 },
    });
    const child = await supervisor.start(shell('exec sleep 60'));
    const first = child.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await until('another one is ready', () => changes.length === 3);
    expect(changes).to.deep.equal([true, false, true]);
    expect(child.pid).to.be.a('number').that.is.not.equal(first);
    await supervisor.stop();
    expect(changes).to.deep.equal([true, false, true, false]);
    expect(child.pid).to.equal(undefined);
  });

  it('that keeps dying is given up, with its last lines', async () => {
    const fatal = new Promise<ChildFailedError>((resolve) => {
      const supervisor = supervisorWith({ onFatal: resolve, policy: { firstDelayMs: 1, deaths: 3 } });
      void supervisor.start(shell('for i in $(seq 30); do echo "line $i"; done; sleep 0.05; exit 3'));
    });
    const error = await fatal;
    expect(error.child).to.equal('sample');
    expect(error.message).to.match(/ended 3 times in a row; .* exit code 3/);
    expect(error.lastLines).to.have.length(20);
    expect(error.lastLines.at(-1)).to.equal('line 30');
  });

  it('that dies before it was ready rejects the start with its last lines', async () => {
    const never = () => new Promise<void>(() => undefined);
    const error = await rejection(supervisorWith().start(shell('echo no disk; exit 4', { ready: never })));
    expect(error).to.be.instanceOf(ChildFailedError);
    expect(error.message)
      .to.match(/exit code 4 before it was ready/)
      .and.match(/no disk/);
  });

  it('whose readiness fails is stopped and rejects the start', async () => {
    const ready = () => Promise.reject(new Error('wrong password'));
    const error = await rejection(supervisorWith().start(shell('exec sleep 60', { ready })));
    expect(error.message).to.match(/wrong password/);
    expect(childrenOf(process.pid).filter(({ command }) => command.startsWith('sleep'))).to.deep.equal([]);
  });

  it('whose program does not exist rejects the start and names it', async () => {
    const never = () => new Promise<void>(() => undefined);
    const error = await rejection(supervisorWith().start(shell('', { command: '/no/such/program', ready: never })));
    expect(error.message)
      .to.match(/exit code 127/)
      .and.match(/no\/such\/program/);
  });

  it('that is still starting is stopped as well, and its start rejects', async () => {
    const supervisor = supervisorWith();
    let pid = 0;
    const lines: string[] = [];
    const spec = shell('echo $$ > "$FILE"; exec sleep 60', { ready: () => new Promise<void>(() => undefined) });
    const folder = await mkdtemp(join(tmpdir(), 'supervisor-'));
    const file = join(folder, 'pid');
    await writeFile(file, '');
    const started = rejection(supervisor.start({ ...spec, env: { ...env, FILE: file } }));
    await until('it runs', async () => (pid = Number(await readFile(file, 'utf8'))) > 0);
    await supervisor.stop();
    expect((await started).message).to.match(/stopped before it was ready/);
    expect(isRunning(pid), lines.join()).to.equal(false);
    await rm(folder, { recursive: true });
  });

  it('is under a new guard at once when the guard was killed', async () => {
    const supervisor = supervisorWith();
    await supervisor.start(shell('exec sleep 60'));
    await killGuardOf(process.pid);
    await supervisor.stop();
  });
});

describe('A child that died', () => {
  const shortly = 100;
  const second = 1_000;

  it('is started again after a quarter of a second, then after longer and longer, up to five seconds', () => {
    const plan = new RestartPlan({ deaths: 100 });
    const delays = [1, 2, 3, 4, 5, 6, 7].map((at) => plan.afterDeath(shortly, at * second));
    expect(delays).to.deep.equal([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it('after half a minute of health is started again as soon as the first time', () => {
    const plan = new RestartPlan();
    plan.afterDeath(shortly, 0);
    expect(plan.afterDeath(29 * second, 30 * second)).to.equal(500);
    expect(plan.afterDeath(31 * second, 62 * second)).to.equal(250);
  });

  it('is given up at the fifth time within a minute', () => {
    const plan = new RestartPlan();
    for (const at of [0, 10, 20, 30]) expect(plan.afterDeath(shortly, at * second)).to.be.a('number');
    expect(plan.afterDeath(shortly, 40 * second)).to.equal(undefined);
    expect(plan.deaths).to.equal(5);
  });

  it('is not given up when it was ready for ten seconds before, or the deaths are further apart', () => {
    const steady = new RestartPlan();
    const rare = new RestartPlan();
    for (let n = 0; n < 20; n++) {
      expect(steady.afterDeath(11 * second, n * 12 * second)).to.be.a('number');
      expect(rare.afterDeath(shortly, n * 16 * second)).to.be.a('number');
    }
  });
});

describe('After kill -9 of the program, a child', () => {
  const parent = (script: string): string => `
    const { startGuarded } = await import(root + 'runtime/processes/guarded-process.js');
    const child = await startGuarded({ command: '/bin/sh', args: ['-c', ${JSON.stringify(script)}], env: process.env,
      stopSignal: 'SIGTERM', stopTimeoutMs: 1000, onLine: (line) => console.log(line) });
    console.log('pid ' + child.pid);
    setInterval(() => undefined, 1000);`;

  it('gets its stop signal and ends', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'supervisor-'));
    const parentProcess = script(
      parent(`trap 'touch ${folder}/stopped; exit' TERM; echo up; while :; do sleep 0.05; done`),
    );
    const pid = Number(await parentProcess.line('pid '));
    await parentProcess.line('up');
    parentProcess.process.kill('SIGKILL');
    await until('it has ended', () => !isRunning(pid));
    await readFile(join(folder, 'stopped'));
    await rm(folder, { recursive: true });
  });

  it('that does not listen is killed within ten seconds', async () => {
    const parentProcess = script(parent(`trap '' TERM QUIT INT HUP; echo up; while :; do sleep 0.05; done`));
    const pid = Number(await parentProcess.line('pid '));
    await parentProcess.line('up');
    const guard = guardOf(parentProcess.process.pid ?? 0);
    if (guard === undefined) throw new Error('it has no guard');
    parentProcess.process.kill('SIGKILL');
    await until('both have ended', () => !isRunning(pid) && !isRunning(guard), 10_000);
  }).timeout(15_000);

  it('ends also when the guard had been killed before', async () => {
    const parentProcess = script(parent('exec sleep 60'));
    const pid = Number(await parentProcess.line('pid '));
    await killGuardOf(parentProcess.process.pid ?? 0);
    parentProcess.process.kill('SIGKILL');
    await until('it has ended', () => !isRunning(pid));
  });

  it('that was only just being started ends too', async () => {
    const parentProcess = script(`
      const { startGuarded } = await import(root + 'runtime/processes/guarded-process.js');
      const { spawn } = await import('node:child_process');
      for (let i = 0; i < 5; i++) void startGuarded({ command: 'sleep', args: ['61.25'], env: process.env,
        stopSignal: 'SIGTERM', stopTimeoutMs: 1000, onLine: () => undefined });
      process.kill(process.pid, 'SIGKILL');`);
    expect(await parentProcess.ended).to.equal('SIGKILL');
    const left = (): string => execFileSync('ps', ['-e', '-o', 'args='], { encoding: 'utf8' });
    await until('all have ended', () => !left().includes('sleep 61.25'));
  });
});
