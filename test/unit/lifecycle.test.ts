import { expect } from 'chai';
import { pino } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLifecycle, StoppingError } from '../../runtime/lifecycle.js';
import { runScript, type Script } from '../support/script.js';

const log = pino({ level: 'silent' });

/** A lifecycle whose end of the process is only noted. */
const noted = (limitMs?: number) => {
  const exits: number[] = [];
  const lifecycle = createLifecycle({
    log,
    exit: (code) => exits.push(code),
    ...(limitMs !== undefined && { limitMs }),
  });
  return { lifecycle, exits };
};

const never = (): Promise<void> => new Promise(() => undefined);

describe('A stop', () => {
  it('closes what was opened, the last first, each after the one before it has closed', async () => {
    const { lifecycle, exits } = noted();
    const order: string[] = [];
    for (const name of ['database', 'sidecar', 'door']) {
      lifecycle.opened(name, async () => {
        order.push(`${name} closes`);
        await sleep(5);
        order.push(`${name} closed`);
      });
    }
    await lifecycle.stop('a test');
    expect(order.filter((entry) => entry.endsWith('closed'))).to.deep.equal([
      'door closed',
      'sidecar closed',
      'database closed',
    ]);
    expect(order[1]).to.equal('door closed');
    expect(exits).to.deep.equal([0]);
  });

  it('goes on when something cannot be closed, and says so by its exit code', async () => {
    const { lifecycle, exits } = noted();
    const closed: string[] = [];
    lifecycle.opened('first', () => void closed.push('first'));
    lifecycle.opened('second', () => {
      throw new Error('it is stuck');
    });
    lifecycle.opened('third', () => Promise.reject(new Error('this one too')));
    await lifecycle.stop('a test');
    expect(closed).to.deep.equal(['first']);
    expect(exits).to.deep.equal([1]);
  });

  it('leaves behind what takes longer than its limit, and ends that at once', async () => {
    const { lifecycle, exits } = noted();
    const closed: string[] = [];
    lifecycle.opened('first', () => void closed.push('first'));
    lifecycle.opened('second', never, { limitMs: 20, atOnce: () => closed.push('second at once') });
    await lifecycle.stop('a test');
    expect(closed).to.deep.equal(['second at once', 'first']);
    expect(exits).to.deep.equal([1]);
  });

  it('ends within its whole limit, however much hangs', async () => {
    const { lifecycle, exits } = noted(100);
    const atOnce: number[] = [];
    for (const index of [1, 2, 3, 4]) lifecycle.opened(`part ${index}`, never, { atOnce: () => atOnce.push(index) });
    await lifecycle.stop('a test');
    expect(atOnce).to.deep.equal([4, 3, 2, 1]);
    expect(exits).to.deep.equal([1]);
  });

  it('happens once, however often it is asked for', async () => {
    const { lifecycle, exits } = noted();
    let closed = 0;
    lifecycle.opened('part', () => {
      closed++;
    });
    await Promise.all([lifecycle.stop('one'), lifecycle.stop('two'), lifecycle.stop('three', 1)]);
    expect(closed).to.equal(1);
    expect(exits).to.deep.equal([0]);
  });

  it('tells the start, and closes what that still opened', async () => {
    const { lifecycle, exits } = noted();
    const closed: string[] = [];
    let thrown: unknown;
    void lifecycle.run(async () => {
      lifecycle.opened('first', () => void closed.push('first'));
      await new Promise((resolve) => lifecycle.stopping.addEventListener('abort', resolve));
      await sleep(20);
      try {
        lifecycle.opened('second', () => void closed.push('second'));
      } catch (error) {
        thrown = error;
        throw error;
      }
    });
    await lifecycle.stop('a test');
    expect(closed).to.deep.equal(['first', 'second']);
    expect(thrown).to.be.instanceOf(StoppingError);
    expect(exits).to.deep.equal([0]);
  });
});

describe('The program', () => {
  const program = (body: string): Script =>
    runScript(`
      const { createLifecycle } = await import(root + 'runtime/lifecycle.js');
      const { SettingsError } = await import(root + 'runtime/config.js');
      const { setTimeout: sleep } = await import('node:timers/promises');
      const say = (text) => process.stdout.write(text + '\\n');
      const quiet = { info() {}, debug() {}, error() {}, fatal(what, text) { say('fatal ' + (text ?? what)); } };
      const lifecycle = createLifecycle({ log: quiet });
      await lifecycle.run(async () => {
        const forever = setInterval(() => undefined, 1000);
        ${body}
      });`);
  const running = `lifecycle.opened('part', () => say('closed')); say('up');`;
  const hanging = `lifecycle.opened('part', async () => { say('closing'); await sleep(60_000); },
    { limitMs: 60_000, atOnce: () => say('at once') }); say('up');`;

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`stops in order on ${signal}, with exit code 0`, async () => {
      const script = program(running);
      await script.line('up');
      script.process.kill(signal);
      expect(await script.ended).to.equal(0);
      expect(script.lines).to.deep.equal(['up', 'closed']);
    });
  }

  it('ends at once on a second SIGINT', async () => {
    const script = program(hanging);
    await script.line('up');
    script.process.kill('SIGINT');
    await script.line('closing');
    await sleep(600);
    script.process.kill('SIGINT');
    expect(await script.ended).to.equal(130);
    expect(script.lines).to.deep.equal(['up', 'closing', 'at once']);
  });

  it('takes the SIGINT that npm passes on for the same Ctrl-C', async () => {
    const script = program(
      `lifecycle.opened('part', async () => { say('closing'); await sleep(100); say('closed'); }); say('up');`,
    );
    await script.line('up');
    script.process.kill('SIGINT');
    await script.line('closing');
    script.process.kill('SIGINT');
    expect(await script.ended).to.equal(0);
    expect(script.lines).to.deep.equal(['up', 'closing', 'closed']);
  });

  it('takes a SIGTERM again and again for one', async () => {
    const script = program(
      `lifecycle.opened('part', async () => { say('closing'); await sleep(100); say('closed'); }); say('up');`,
    );
    await script.line('up');
    script.process.kill('SIGTERM');
    await script.line('closing');
    script.process.kill('SIGTERM');
    expect(await script.ended).to.equal(0);
    expect(script.lines).to.include('closed');
  });

  it('stops in order with exit code 1 when its start fails', async () => {
    const script = program(`${running} throw new Error('no database');`);
    expect(await script.ended).to.equal(1);
    expect(script.lines).to.deep.equal(['up', 'fatal the program cannot go on', 'closed']);
  });

  it('ends with exit code 2 and the list of problems when its settings are wrong', async () => {
    const script = program(`throw new SettingsError(['PORT is wrong', 'HOST too']);`);
    expect(await script.ended).to.equal(2);
    expect(script.lines.join('\n'))
      .to.match(/PORT is wrong/)
      .and.match(/HOST too/);
  });

  it('shows what its operator can put right as that message alone', async () => {
    const script = program(`
      const { OperatorError } = await import(root + 'runtime/operator-error.js');
      throw new OperatorError('DATA_DIR is in use');`);
    expect(await script.ended).to.equal(1);
    expect(script.lines).to.deep.equal(['fatal DATA_DIR is in use']);
  });

  it('stops in order with exit code 1 when something unforeseen is thrown later', async () => {
    const script = program(`${running} setTimeout(() => { throw new Error('a bug'); }, 10);`);
    expect(await script.ended).to.equal(1);
    expect(script.lines).to.include('closed');
    const rejected = program(`${running} setTimeout(() => { void Promise.reject(new Error('a bug')); }, 10);`);
    expect(await rejected.ended).to.equal(1);
    expect(rejected.lines).to.include('closed');
  });

  it('stops in order when the signal comes during its start', async () => {
    const script = program(
      `${running} await sleep(60_000, undefined, { signal: lifecycle.stopping }); say('not here');`,
    );
    await script.line('up');
    script.process.kill('SIGTERM');
    expect(await script.ended).to.equal(0);
    expect(script.lines).to.deep.equal(['up', 'closed']);
  });
});
